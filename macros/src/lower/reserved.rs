//! Names that no green call has, so that a call by one of them needs no question.
//!
//! Each is a name of std's whose value cannot be a green call, whatever it is called on: a part, a
//! view, an iterator, a copy, a number. (`unwrap`, `next` and `take` are not among them: what those
//! give may be anything. Nor are `len`, `get` or `bytes`, which are good names for what has to ask
//! somebody else. `into` is one: only a green call is turned into a green call, and has been driven
//! where it was made.) No green method may be called so, which its definition is told
//! (`check/signature.rs`), and thus a name never decides what the type would decide otherwise. A
//! call by such a name stays as it is written: it costs the compiler nothing, and what is expected
//! of it reaches it.
//!
//! `borrow` and `lock` are asked all the same, for the sake of `guards.rs`.

use std::collections::HashSet;
use std::sync::LazyLock;

use syn::{Expr, Path};

/// Whether the value of a call cannot be a green call, by what is written alone.
pub(super) fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            match name.as_str() {
                "map_or" | "unwrap_or" => call.args.first().is_some_and(is_literal),
                name => is_reserved(name) || (ADAPTORS.contains(&name) && goes_over_literal(&call.receiver)),
            }
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(func) if func.qself.is_none() => is_of_std(&func.path),
            _ => false,
        },
        _ => false,
    }
}

/// `0`, `"none"`, `&[]`, `Vec::new()`: a value of the same type is no green call.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Array(_) => true,
        Expr::Reference(expr) => is_literal(&expr.expr),
        Expr::Unary(expr) => is_literal(&expr.expr),
        Expr::Paren(expr) => is_literal(&expr.expr),
        Expr::Call(_) => is_plain(expr),
        _ => false,
    }
}

/// A range, an array or a text that is written here, or an iterator over one: its methods are
/// std's.
fn goes_over_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(expr) => matches!(&*expr.expr, Expr::Range(_)) || goes_over_literal(&expr.expr),
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            let is_iterator = ["iter", "into_iter", "chars"].iter().any(|known| name == *known);
            (is_iterator && is_literal(&call.receiver))
                || ((is_reserved(&name) || ADAPTORS.contains(&name.as_str()))
                    && goes_over_literal(&call.receiver))
        }
        _ => false,
    }
}

/// Whether no green method may have this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> =
        LazyLock::new(|| METHODS.iter().flat_map(|names| names.split_ascii_whitespace()).collect());
    NAMES.contains(name)
}

/// Whether a method of std's by this name, with so many arguments, may give what holds the function
/// that is its last argument, and has a type that says which. Other methods may have the name.
pub(super) fn holds_function(name: &str, arguments: usize) -> bool {
    match name {
        "map" | "map_while" | "filter" | "inspect" | "split" | "split_mut" | "chunk_by" => arguments == 1,
        "scan" => arguments == 2,
        _ => false,
    }
}

/// A function of std by its path: `String::from`, `u32::from_str_radix`, `std::vec::Vec::new`,
/// `mem::take`, `Default::default`.
fn is_of_std(path: &Path) -> bool {
    let spelled = |at: usize| path.segments[at].ident.to_string();
    let count = path.segments.len();
    if count < 2 || (count > 2 && !["std", "core", "alloc"].contains(&spelled(0).as_str())) {
        return false;
    }
    let (owner, name) = (spelled(count - 2), spelled(count - 1));
    let (owner, name) = (owner.as_str(), name.as_str());
    let has = |table: &[(&str, &[&str])]| {
        table.iter().any(|(known, names)| *known == owner && names.contains(&name))
    };
    VALUES.contains(&owner)
        || has(&TRAITS)
        || (CONTAINERS.contains(&owner) && CONSTRUCTORS.contains(&name))
        || has(&FUNCTIONS)
}

/// Types of std that hold nothing of anybody's, so that no function of theirs gives a green call.
const VALUES: [&str; 20] = [
    "String", "PathBuf", "str", "char", "bool", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16",
    "i32", "i64", "i128", "isize", "f32", "f64", "Duration",
];

/// Types that hold what others put into them: what they are made by gives one of them.
const CONTAINERS: [&str; 12] = [
    "Vec",
    "VecDeque",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "LinkedList",
    "BufReader",
    "BufWriter",
    "LineWriter",
    "Cursor",
];

const CONSTRUCTORS: [&str; 5] = ["new", "with_capacity", "from", "from_iter", "default"];

/// Functions of std's modules, by their names there. (What `mem::take` finds in a place of a green
/// body is a value: a green call that is put into a variable is driven first.)
const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("ptr", &["read", "write", "null", "null_mut", "eq"]),
    ("mem", &["replace", "take", "swap", "size_of", "size_of_val"]),
    ("slice", &["from_ref", "from_mut"]),
    ("iter", &["empty", "once", "repeat", "repeat_n", "repeat_with", "from_fn", "successors"]),
];

/// Functions of std's traits, by their paths. No green call has these traits, but what it is
/// converted from, which is one already and has been driven.
const TRAITS: [(&str, &[&str]); 10] = [
    ("Default", &["default"]),
    ("From", &["from"]),
    ("Into", &["into"]),
    ("TryFrom", &["try_from"]),
    ("TryInto", &["try_into"]),
    ("FromStr", &["from_str"]),
    ("FromIterator", &["from_iter"]),
    ("Clone", &["clone"]),
    ("ToOwned", &["to_owned"]),
    ("Ord", &["cmp", "max", "min", "clamp"]),
];

/// What turns an iterator into another one. Pools and green iterators have methods of these names,
/// so they say nothing unless the receiver is known.
const ADAPTORS: [&str; 11] =
    ["map", "filter", "zip", "chain", "skip", "take", "flatten", "inspect", "fuse", "scan", "map_while"];

/// The methods, by what they are about.
const METHODS: [&str; 8] = [
    // Copies and views.
    "clone cloned copied into try_into to_string to_owned to_vec as_ref as_mut as_deref as_deref_mut as_str as_mut_str as_bytes \
     as_slice as_mut_slice as_ptr as_mut_ptr as_path as_os_str into_bytes into_boxed_slice into_boxed_str",
    // Options and results.
    "is_some is_none is_ok is_err is_some_and is_none_or is_ok_and is_err_and ok_or ok_or_else map_err \
     unwrap_or_default map_or unwrap_or",
    // Text.
    "trim trim_start trim_end trim_matches trim_start_matches trim_end_matches starts_with ends_with strip_prefix \
     strip_suffix split_once rsplit_once splitn rsplit rsplitn split_whitespace split_ascii_whitespace split_terminator \
     split_inclusive chars char_indices to_lowercase to_uppercase to_ascii_lowercase to_ascii_uppercase \
     make_ascii_lowercase make_ascii_uppercase eq_ignore_ascii_case is_char_boundary push_str insert_str",
    // Characters.
    "is_alphabetic is_alphanumeric is_numeric is_whitespace is_control is_lowercase is_uppercase is_ascii \
     is_ascii_digit is_ascii_hexdigit is_ascii_alphabetic is_ascii_alphanumeric is_ascii_punctuation \
     is_ascii_whitespace is_ascii_lowercase is_ascii_uppercase to_digit len_utf8",
    // Iterators.
    "iter iter_mut into_iter enumerate rev peekable step_by take_while skip_while filter_map flat_map",
    // Slices and collections.
    "chunks_exact split_at split_at_mut split_first split_last extend_from_slice sort sort_by sort_by_key \
     sort_by_cached_key sort_unstable sort_unstable_by sort_unstable_by_key dedup dedup_by_key binary_search \
     binary_search_by binary_search_by_key contains_key or_insert or_insert_with or_default and_modify values_mut \
     get_or_insert_with",
    // Numbers.
    "abs pow powi powf sqrt is_nan is_finite rem_euclid div_euclid div_ceil abs_diff is_power_of_two \
     next_power_of_two leading_zeros trailing_zeros count_ones swap_bytes rotate_left rotate_right to_be_bytes \
     to_le_bytes to_ne_bytes to_bits checked_add checked_sub checked_mul checked_div checked_rem wrapping_add \
     wrapping_sub wrapping_mul wrapping_neg saturating_add saturating_sub saturating_mul overflowing_add \
     overflowing_sub overflowing_mul",
    // Times, paths, orders.
    "as_secs as_millis as_micros as_nanos as_secs_f32 as_secs_f64 subsec_nanos subsec_micros subsec_millis elapsed \
     duration_since saturating_duration_since checked_duration_since to_path_buf to_str to_string_lossy file_stem \
     with_extension with_file_name then_with type_id",
];
