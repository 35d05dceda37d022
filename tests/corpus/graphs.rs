//! Graphs whose indices have a width of the user's choice: generic types of one's own, whose parameters are inferred.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::Add;

trait Width: Copy + Default + Hash + Ord + Debug {
    fn new(n: usize) -> Self;
    fn index(&self) -> usize;
    fn max() -> Self;
}

macro_rules! widths {
    ($($width:ty)*) => { $(
        impl Width for $width {
            fn new(n: usize) -> Self { n as $width }
            fn index(&self) -> usize { *self as usize }
            fn max() -> Self { <$width>::MAX }
        }
    )* };
}
widths!(u8 u16 u32 usize);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct NodeAt<Ix = u32>(Ix);
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct EdgeAt<Ix = u32>(Ix);

impl<Ix: Width> NodeAt<Ix> {
    fn new(n: usize) -> Self {
        NodeAt(Ix::new(n))
    }
    fn index(self) -> usize {
        self.0.index()
    }
    fn end() -> Self {
        NodeAt(<Ix as Width>::max())
    }
}
impl<Ix: Width> EdgeAt<Ix> {
    fn new(n: usize) -> Self {
        EdgeAt(Ix::new(n))
    }
    fn index(self) -> usize {
        self.0.index()
    }
    fn end() -> Self {
        EdgeAt(<Ix as Width>::max())
    }
}
impl<Ix: Width> From<usize> for NodeAt<Ix> {
    fn from(n: usize) -> Self {
        NodeAt::new(n)
    }
}

#[derive(Clone, Debug)]
struct Node<N, Ix> {
    weight: N,
    next: [EdgeAt<Ix>; 2],
}
#[derive(Clone, Debug)]
struct Edge<E, Ix> {
    weight: E,
    next: [EdgeAt<Ix>; 2],
    ends: [NodeAt<Ix>; 2],
}
#[derive(Clone, Debug)]
struct Graph<N, E, Ix = u32> {
    nodes: Vec<Node<N, Ix>>,
    edges: Vec<Edge<E, Ix>>,
}

/// Two places of one list, or one, or none.
enum Pair<T> {
    Both(T, T),
    One(T),
    None,
}

struct Visited {
    seen: Vec<bool>,
}
impl Visited {
    fn visit<Ix: Width>(&mut self, at: NodeAt<Ix>) -> bool {
        !std::mem::replace(&mut self.seen[at.index()], true)
    }
}

/// The least first.
#[derive(PartialEq, Eq, Debug)]
struct Scored<K, T>(K, T);
impl<K: Ord, T: Eq> Ord for Scored<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cmp(&self.0)
    }
}
impl<K: Ord, T: Eq> PartialOrd for Scored<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Sets<K> {
    parent: Vec<K>,
    rank: Vec<u8>,
}

type Edges<'a> = &'a [(usize, usize, u32)];

crate::pairs! {
    fn empty[N, E, Ix: Width](_: PhantomData<(N, E, Ix)>) -> Graph<N, E, Ix> {
        Graph { nodes: Vec::new(), edges: Vec::with_capacity(Default::default()) }
    }
    with (PhantomData::<(u8, u8, u16)>);

    fn add_node[N, E, Ix: Width](graph: &mut Graph<N, E, Ix>, weight: N) -> NodeAt<Ix> {
        let node = Node { weight, next: [EdgeAt::end(), EdgeAt::end()] };
        let at = NodeAt::new(graph.nodes.len());
        assert!(<Ix as Width>::max().index() == !0 || NodeAt::end() != at);
        graph.nodes.push(node);
        at
    }
    with (&mut Graph::<_, (), u8> { nodes: vec![], edges: vec![] }, 'a');

    fn two_of[T](list: &mut [T], a: usize, b: usize) -> Option<usize> {
        let pair = if a == b && a < list.len() { Pair::One(&mut list[a]) } else if a.max(b) >= list.len() { Pair::None } else {
            let (low, high) = list.split_at_mut(a.max(b));
            Pair::Both(&mut low[a.min(b)], &mut high[0])
        };
        match pair { Pair::Both(a, b) => { std::mem::swap(a, b); Some(2) } Pair::One(_) => Some(1), Pair::None => None }
    }
    with (&mut [1, 2, 3], 2, 0), (&mut ['a'], 0, 0), (&mut [(); 0], 0, 1);

    fn add_edge[N, E, Ix: Width](graph: &mut Graph<N, E, Ix>, a: NodeAt<Ix>, b: NodeAt<Ix>, weight: E) -> Option<EdgeAt<Ix>> {
        let at = EdgeAt::new(graph.edges.len());
        let mut edge = Edge { weight, ends: [a, b], next: [EdgeAt::end(); 2] };
        let count = graph.nodes.len();
        if a.index().max(b.index()) >= count { return None }
        for (side, end) in [a, b].into_iter().enumerate() {
            let node = graph.nodes.get_mut(end.index())?;
            edge.next[side] = std::mem::replace(&mut node.next[side], at);
        }
        graph.edges.push(edge);
        Some(at)
    }
    with (&mut Graph::<(), _, u8> { nodes: vec![], edges: vec![] }, NodeAt::new(0), NodeAt::new(1), 1);

    fn made[Ix: Width](count: usize, edges: Edges<'_>, kind: PhantomData<Ix>) -> Graph<String, u32, Ix> {
        let _ = kind;
        let mut graph = empty(PhantomData);
        for n in 0..count { add_node(&mut graph, format!("n{n}")); }
        for &(a, b, weight) in edges { add_edge(&mut graph, NodeAt::new(a), b.into(), weight); }
        graph
    }
    with (3, &[(0, 1, 5), (1, 2, 6), (0, 2, 7)], PhantomData::<u8>), (1, &[(0, 4, 1)], PhantomData::<usize>);

    fn neighbors[N, E, Ix: Width](graph: &Graph<N, E, Ix>, a: NodeAt<Ix>) -> Vec<NodeAt<Ix>> {
        let Some(node) = graph.nodes.get(a.index()) else { return Vec::new() };
        let mut next = node.next[0];
        let mut found = Vec::new();
        while let Some(edge) = graph.edges.get(next.index()) {
            found.push(edge.ends[1]);
            next = edge.next[0];
        }
        found
    }
    with (&Graph::<(), (), u32> { nodes: vec![], edges: vec![] }, NodeAt::end());

    fn find_edge[N, E, Ix: Width](graph: &Graph<N, E, Ix>, a: NodeAt<Ix>, b: NodeAt<Ix>) -> Option<EdgeAt<Ix>> {
        let at = graph.edges.iter().position(|edge| edge.ends == [a, b])?;
        Some(EdgeAt::new(at))
    }
    with (&Graph::<(), (), u32> { nodes: vec![], edges: vec![] }, NodeAt::new(0), NodeAt::end());

    fn breadth_first(count: usize, edges: Edges<'_>) -> Vec<usize> {
        let graph = made(count, edges, PhantomData::<u16>);
        let mut visited = Visited { seen: vec![false; count] };
        let start = NodeAt::new(0);
        let mut queue = VecDeque::from([start]);
        visited.visit(start);
        let mut order = vec![];
        while let Some(at) = queue.pop_front() {
            order.push(at.index());
            for next in neighbors(&graph, at) {
                if visited.visit(next) { queue.push_back(next) }
            }
        }
        order
    }
    with (4, &[(0, 1, 1), (0, 2, 1), (1, 3, 1), (3, 0, 1)]), (1, &[]);

    fn sorted(count: usize, edges: Edges<'_>) -> Result<Vec<NodeAt<u32>>, NodeAt<u32>> {
        fn before<'a, Ix: Width>(edges: &'a [Edge<u32, Ix>], at: NodeAt<Ix>) -> impl Iterator<Item = &'a Edge<u32, Ix>> {
            edges.iter().filter(move |edge| edge.ends[1] == at)
        }
        let graph = made(count, edges, PhantomData);
        let mut degree: Vec<usize> = (0..count).map(|n| before(&graph.edges, NodeAt::new(n)).count()).collect();
        let mut ready: BinaryHeap<_> = (0..count).filter(|n| degree[*n] == 0).map(Reverse).collect();
        let mut order = Vec::new();
        while let Some(Reverse(n)) = ready.pop() {
            let at = NodeAt::new(n);
            order.push(at);
            for next in neighbors(&graph, at) {
                degree[next.index()] -= 1;
                if degree[next.index()] == 0 { ready.push(Reverse(next.index())) }
            }
        }
        match degree.iter().position(|d| *d > 0) { None => Ok(order), Some(n) => Err(NodeAt::new(n)) }
    }
    with (4, &[(3, 1, 1), (1, 0, 1), (3, 2, 1)]), (2, &[(0, 1, 1), (1, 0, 1)]);

    fn distances[K: Ord + Copy + Add<Output = K> + Default + Debug](
        count: usize, edges: Edges<'_>, cost: impl Fn(&Edge<u32, u32>) -> K
    ) -> Vec<Option<K>> {
        let graph = made(count, edges, PhantomData);
        let mut scores = HashMap::new();
        let mut heap = BinaryHeap::new();
        let (start, zero) = (NodeAt::new(0), Default::default());
        scores.insert(start, zero);
        heap.push(Scored(zero, start));
        while let Some(Scored(score, at)) = heap.pop() {
            for edge in graph.edges.iter().filter(|edge| edge.ends[0] == at) {
                let (next, total) = (edge.ends[1], score + cost(edge));
                let known = scores.entry(next).or_insert(total);
                if total <= *known { *known = total; heap.push(Scored(total, next)); }
            }
        }
        (0..count).map(|n| scores.get(&NodeAt::new(n)).copied()).collect()
    }
    with (4, &[(0, 1, 4), (0, 2, 1), (2, 1, 2)], |edge| u64::from(edge.weight)), (2, &[], |_| 1u8);

    fn root[K: Width](parents: &mut [K], mut at: K) -> K {
        let mut above = parents[at.index()];
        while above != at {
            let next = parents[above.index()];
            parents[at.index()] = next;
            at = above;
            above = next;
        }
        at
    }
    with (&mut [0u8, 0, 1], 2), (&mut [0usize], 0);

    fn united[K: Width](count: usize, pairs: &[(usize, usize)], _: PhantomData<K>) -> (usize, Vec<K>) {
        let mut sets = Sets { parent: (0..count).map(K::new).collect(), rank: vec![0; count] };
        let mut left = count;
        for &(a, b) in pairs {
            let (a, b) = (root(&mut sets.parent, K::new(a)), root(&mut sets.parent, K::new(b)));
            if a == b { continue }
            left -= 1;
            match sets.rank[a.index()].cmp(&sets.rank[b.index()]) {
                Ordering::Less => sets.parent[a.index()] = b,
                Ordering::Greater => sets.parent[b.index()] = a,
                Ordering::Equal => { sets.parent[b.index()] = a; sets.rank[a.index()] += 1; }
            }
        }
        let mut roots = vec![];
        for n in 0..count { roots.push(root(&mut sets.parent, K::new(n))); }
        (left, roots)
    }
    with (5, &[(0, 1), (3, 4), (1, 0), (4, 1)], PhantomData::<u8>), (2, &[], PhantomData::<u32>);

    fn mapped[N: Clone, E: Clone, M, Ix: Width](graph: &Graph<N, E, Ix>, mut map: impl FnMut(NodeAt<Ix>, &N) -> M) -> Vec<M> {
        let places = (0..graph.nodes.len()).map(NodeAt::new);
        places.zip(&graph.nodes).map(|(at, node)| map(at, &node.weight)).collect()
    }
    with (&Graph::<_, (), u8> { nodes: vec![Node { weight: 'x', next: Default::default() }], edges: vec![] }, |at, c| (at, *c));
}
