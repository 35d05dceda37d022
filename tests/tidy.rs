//! What the house promises of its own files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use eventlet_tests::source::{green_functions, root, sources};

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_root_of_the_runtime_is_a_map() {
    let entries = names("runtime/src");
    assert!(entries.len() <= 40, "{} entries: {entries:?}", entries.len());
}

#[test]
fn a_module_that_is_a_folder_has_its_file_in_it() {
    for crate_ in ["runtime/src", "macros/src"] {
        for (path, _) in sources(crate_) {
            let folder = path.with_extension("");
            assert!(!folder.is_dir(), "{} lies beside its folder", path.display());
        }
    }
}

/// Where a folder has a map, the map names what is there.
#[test]
fn the_map_of_a_folder_names_its_files() {
    let mut maps = 0;
    for (path, text) in sources("runtime/src").into_iter().chain(sources("macros/src")) {
        let folder = path.parent().unwrap();
        let doc = text.lines().take_while(|line| line.starts_with("//!")).map(|line| &line[3..]);
        let doc: Vec<&str> = doc.collect();
        let drawn = doc.join("\n");
        let is_name = |word: &&str| word.ends_with(".rs") || word.ends_with('/');
        let named: BTreeSet<&str> =
            drawn.split("```").skip(1).step_by(2).flat_map(str::split_whitespace).filter(is_name).collect();
        if named.len() < 3 {
            continue;
        }
        maps += 1;
        for name in &named {
            assert!(folder.join(name).exists(), "{}: there is no `{name}`", path.display());
        }
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_known = ["mod.rs", "tests.rs", "model.rs"].contains(&name.as_str())
                || named.iter().any(|named| named.trim_end_matches('/') == name);
            assert!(is_known, "{}: the map has no `{name}`", path.display());
        }
    }
    assert!(maps > 5, "the maps are found: {maps}");
}

/// Those that are there, and those that have their place.
const BUILT_ON_THE_CORE: [&str; 9] =
    ["backdoor", "debug", "dns", "http", "simulation", "socketio", "tls", "websocket", "wsgi"];

#[test]
fn what_is_built_on_the_core_uses_its_public_face() {
    let mut files = 0;
    let runtime = root().join("runtime/src");
    for (path, text) in sources("runtime/src") {
        let module = path.strip_prefix(&runtime).unwrap().iter().next().unwrap().to_str().unwrap();
        if !BUILT_ON_THE_CORE.contains(&module.trim_end_matches(".rs")) {
            continue;
        }
        files += 1;
        let reached = text.lines().find(|line| line.contains("crate::hub::"));
        assert!(reached.is_none(), "{}: {}", path.display(), reached.unwrap_or_default());
    }
    assert!(files > 20, "the files are found: {files}");
}

#[test]
fn the_examples_have_an_index_and_what_they_print_belongs_to_one() {
    let index = fs::read_to_string(root().join("examples/README.md")).unwrap();
    let outputs = fs::read_to_string(root().join("examples/outputs.rs")).unwrap();
    for name in names("examples") {
        let Some((stem, extension)) = name.rsplit_once('.') else { continue };
        match extension {
            "rs" if !["lib", "outputs", "site"].contains(&stem) => {
                assert!(index.contains(&format!("`{stem}`")), "the index does not name `{stem}`");
            }
            "out" => {
                assert!(root().join(format!("examples/{stem}.rs")).exists(), "{name} is no example's");
                let is_compared = outputs.split_whitespace().any(|word| word == stem);
                assert!(is_compared, "no test compares what `{stem}` prints with {name}");
            }
            _ => {}
        }
    }
}

/// What may suspend looks the same everywhere: the macro gives it its badge and its caller's line,
/// also where it was not the macro that wrote the body, and then the reason is one of those that
/// ARCHITECTURE.md explains.
#[test]
fn each_function_whose_calls_are_green_is_marked_as_one() {
    let reasons = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let reasons = reasons.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut by_hand, mut by_macro) = (0, 0);
    for function in green_functions() {
        let name = &function.name;
        assert!(function.options.is_some(), "{name} gives a `Green` and has no `#[green(by_hand = \"…\")]`");
        match function.reason() {
            Some(reason) => assert!(reasons.contains(&format!("*{reason}*")), "{name}: {reason}"),
            None => assert!(function.is_by_macro, "{name} is written by hand, and does not say why"),
        }
        *if function.is_by_macro { &mut by_macro } else { &mut by_hand } += 1;
    }
    assert!(by_hand > 100 && by_macro > 300, "the functions are found: {by_hand} and {by_macro}");
}

/// What a trait's methods have in common is said at the trait.
#[test]
fn each_public_function_that_may_suspend_says_what_a_kill_or_timeout_loses() {
    let public = green_functions().into_iter().filter(|function| function.is_public && !function.is_of_trait);
    let documented: Vec<_> = public.filter(|function| function.is_documented).collect();
    assert!(documented.len() > 200, "the functions are found: {}", documented.len());
    let silent = documented.iter().filter(|function| !function.tells_losses).map(|function| &function.name);
    let silent: Vec<_> = silent.collect();
    assert!(silent.is_empty(), "no `# Cancel safety`: {silent:?}");
}

/// The sections of the catalogue, by their slugs.
fn sections() -> BTreeSet<String> {
    let catalogue = fs::read_to_string(root().join("DIAGNOSTICS.md")).unwrap();
    catalogue.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// The messages of the macro, as slugs.
fn slugs_of_the_macro() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("macros/src/diagnostics.rs")).unwrap();
    let (_, list) = text.split_once("pub(crate) enum Diagnostic {").expect("the messages are an enum");
    let (list, _) = list.split_once("\n}").expect("it ends");
    let names = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let slug = |name: &str| {
        let mut slug = String::new();
        for c in name.chars().take_while(|c| c.is_alphanumeric()) {
            if c.is_uppercase() && !slug.is_empty() {
                slug.push('-');
            }
            slug.extend(c.to_lowercase());
        }
        slug
    };
    names.map(slug).collect()
}

#[test]
fn each_message_has_its_section_and_each_section_its_example() {
    let (sections, messages) = (sections(), slugs_of_the_macro());
    assert!(messages.len() > 15, "the messages are found: {messages:?}");
    let unexplained: Vec<_> = messages.difference(&sections).collect();
    assert!(unexplained.is_empty(), "no section: {unexplained:?}");
    let at_run_time = fs::read_to_string(root().join("tests/messages.rs")).unwrap();
    for slug in &sections {
        let example = root().join(format!("ui-tests/fail/{slug}.rs"));
        let is_at_run_time = at_run_time.contains(&format!("fn {}()", slug.replace('-', "_")));
        assert!(
            example.exists() || is_at_run_time,
            "`{slug}` has neither a ui-test nor a test in messages.rs"
        );
    }
}

/// A message names its section by a path that whoever has the crate can open.
#[test]
fn each_section_that_a_message_names_is_there() {
    let sections = sections();
    let mut named = 0;
    for (path, text) in sources("runtime/src").into_iter().chain(sources("macros/src")) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            assert!(
                !line.contains("DIAGNOSTICS.md") || line.contains("include_str!"),
                "{}: a user has no such file: {line}",
                path.display()
            );
        }
        for mention in text.split("see `").skip(1) {
            let Some((slug, rest)) = mention.split_once('`') else { continue };
            if rest.starts_with(" in `eventlet::docs::diagnostics`") {
                named += 1;
                assert!(sections.contains(slug), "{}: no section `{slug}`", path.display());
            }
        }
    }
    assert!(named > 10, "the messages name their sections in other words now: {named}");
}

/// The lints that warn have the names of their sections.
#[test]
fn each_lint_is_named_after_its_section() {
    let sections = sections();
    let lints = names("runtime/src/lint");
    for lint in lints.iter().filter_map(|file| file.strip_suffix(".rs")).filter(|name| *name != "mod") {
        assert!(sections.contains(&lint.replace('_', "-")), "no section for `eventlet::lint::{lint}`");
    }
    assert!(lints.len() > 4, "the lints are found: {lints:?}");
}

/// The macro asks about these methods, and the runtime has an answer to each.
#[test]
fn the_methods_that_may_block_are_the_same_on_both_sides() {
    let asked = fs::read_to_string(root().join("macros/src/lower/blocking.rs")).unwrap();
    let (_, asked) = asked.split_once("const METHODS").unwrap();
    let (asked, _) = asked.split_once("];").unwrap();
    let asked: Vec<&str> = asked.split('"').skip(1).step_by(2).collect();
    let answered = fs::read_to_string(root().join("runtime/src/macro_support/blocking.rs")).unwrap();
    let (_, answered) = answered.split_once("unremarkable! {").unwrap();
    let (_, answered) = answered.split_once('[').unwrap();
    let (answered, _) = answered.split_once(']').unwrap();
    let answered: Vec<&str> = answered.split_whitespace().collect();
    assert!(asked.len() > 10, "the list is found: {asked:?}");
    for method in asked {
        assert!(answered.contains(&method), "`{method}` is asked about, and nothing answers");
    }
}

/// What a message tells to write exists: every `#[attribute]`, and every path that begins at this
/// crate's root.
#[test]
fn no_message_names_what_does_not_exist() {
    let known = [
        "async_trait",
        "deny",
        "eventlet::green",
        "eventlet::test",
        "green",
        "test",
        "tokio::main",
        "tokio::test",
        "warn",
    ];
    let root_of_the_crate = fs::read_to_string(root().join("runtime/src/lib.rs")).unwrap();
    for name in names("ui-tests/fail").iter().filter(|name| name.ends_with(".stderr")) {
        let text = fs::read_to_string(root().join("ui-tests/fail").join(name)).unwrap();
        assert!(!text.contains("eventlet::macro_support"), "{name} shows the machinery");
        for mention in text.split("#[").skip(1) {
            let path: String =
                mention.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            assert!(known.contains(&path.as_str()), "{name}: `#[{path}]`");
        }
        for mention in text.split("`eventlet::").skip(1) {
            let first: String = mention.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let words = root_of_the_crate.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(words.into_iter().any(|word| word == first), "{name}: `eventlet::{first}`");
        }
    }
}

#[test]
fn each_example_of_a_mistake_has_what_is_said() {
    for name in names("ui-tests/fail") {
        let Some(slug) = name.strip_suffix(".rs") else { continue };
        assert!(root().join(format!("ui-tests/fail/{slug}.stderr")).exists(), "{slug} has no .stderr");
    }
}

/// `full` is what it says: the next test asks it alone. The one that is left out builds for minutes,
/// and is fetched only by who asks for it.
#[test]
fn the_feature_full_has_all_features_but_one() {
    let manifest = fs::read_to_string(root().join("runtime/Cargo.toml")).unwrap();
    let (_, features) = manifest.split_once("[features]\n").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let full = features.lines().find(|line| line.starts_with("full = ")).expect("there is `full`");
    let names = features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let names = names.filter(|name| !name.starts_with('#'));
    let left_out: Vec<&str> = names.filter(|name| !full.contains(&format!("\"{name}\""))).collect();
    assert_eq!(left_out, ["default", "full", "tls-aws-lc-rs"]);
}

/// No reactor of anybody's comes in, and of tokio only what is none.
#[test]
fn no_other_runtime_comes_in_with_any_feature() {
    for (package, features) in [("eventlet", "full"), ("eventlet-redis", "tls"), ("eventlet-postgres", "tls")]
    {
        let tree = std::process::Command::new(env!("CARGO"))
            .args(["tree", "--package", package, "--features", features, "--edges", "normal,features"])
            .args(["--prefix", "none", "--locked", "--offline"])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).unwrap();
        let others = ["mio", "async-io", "async-std", "smol", "async-global-executor", "monoio", "io-uring"];
        let allowed = ["default", "sync", "io-util", "bytes"];
        for line in tree.lines() {
            let found = line.split_whitespace().next().unwrap_or_default();
            assert!(!others.contains(&found), "{package}: {line}");
            if let Some(feature) = line.strip_prefix("tokio feature ") {
                let feature = feature.split('"').nth(1).unwrap_or_default();
                assert!(allowed.contains(&feature), "{package}: {line}");
            }
        }
        assert!(tree.contains("polling v"), "the tree is read: {tree}");
    }
}

#[test]
fn the_packages_hold_their_readme_their_licences_and_what_changed() {
    for package in ["runtime", "runtime/postgres", "runtime/redis", "runtime/std", "macros"] {
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"] {
            let path = root().join(package).join(file);
            assert!(fs::metadata(&path).is_ok_and(|found| found.is_file()), "{}", path.display());
        }
    }
    let catalogue = root().join("runtime/DIAGNOSTICS.md");
    assert!(fs::metadata(&catalogue).is_ok_and(|found| found.is_file()), "the page of its documentation");
}

/// The text with its lines as far to the left as they go, where a piece of a program may stand further to the right.
fn unindented(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_book_shows_of_a_program_is_a_piece_of_it() {
    let shown = [
        ("porting", 10, vec!["examples/shared_cache.rs"]),
        ("service", 9, vec!["examples/service"]),
        ("databases", 2, vec!["tests/peers/programs/sqlite.rs", "tests/peers/programs/mysql.rs"]),
    ];
    for (page, count, programs) in shown {
        let page = fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap();
        let files = programs.into_iter().flat_map(|path| match root().join(path) {
            folder if folder.is_dir() => {
                fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect()
            }
            file => vec![file],
        });
        let programs: Vec<String> =
            files.map(|file| unindented(&fs::read_to_string(file).unwrap())).collect();
        let pieces: Vec<&str> = page.split("```rust,ignore\n").skip(1).collect();
        assert!(pieces.len() >= count, "the page shows {} pieces", pieces.len());
        for piece in pieces {
            let (piece, _) = piece.split_once("\n```").expect("a piece of code ends");
            let is_there = programs.iter().any(|program| program.contains(&unindented(piece)));
            assert!(is_there, "no program has such a piece:\n{piece}");
        }
    }
}

#[test]
fn what_a_page_links_to_is_there() {
    let mut pages: Vec<String> = names("docs").into_iter().map(|name| format!("docs/{name}")).collect();
    pages.extend(names("docs/parity").into_iter().map(|name| format!("docs/parity/{name}")));
    pages
        .extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/README.md"].map(str::to_owned));
    for page in pages.iter().filter(|page| page.ends_with(".md")) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let prose: String = text.split("```").step_by(2).collect();
        for link in prose.split("](").skip(1) {
            let (link, _) = link.split_once(')').expect("a link ends");
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            let folder = Path::new(page).parent().unwrap();
            let target = if path.is_empty() { root().join(page) } else { root().join(folder).join(path) };
            assert!(target.exists(), "{page}: {link}");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let is_there = text.lines().any(|line| line.starts_with('#') && anchor_of(line) == anchor);
                assert!(is_there, "{page}: no heading is {link}");
            }
        }
    }
}

/// What a link to a heading ends in.
fn anchor_of(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().chars();
    let kept: String = kept.filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect();
    kept.to_lowercase().replace(' ', "-")
}

/// Is this comment prose? Tables, pictures, samples of code and single long words are as wide as they are.
fn prose(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix("//")?.trim_start_matches(['/', '!']);
    let text = comment.trim();
    let is_drawn = text.starts_with(['|', '[', '`']) || text.contains("  ") || !text.is_ascii();
    (comment.starts_with(' ') && !comment.starts_with("     ") && !is_drawn && text.contains(' '))
        .then_some(text)
}

#[test]
fn comments_fit_into_a_hundred_columns() {
    let mut wide = Vec::new();
    for crate_ in ["runtime/src", "runtime/postgres/src", "runtime/redis/src", "macros/src"] {
        for (path, text) in sources(crate_) {
            let mut is_code = false;
            for (number, line) in text.lines().enumerate() {
                is_code ^= line.trim_start().starts_with("//") && line.contains("```");
                if !is_code && line.chars().count() > 100 && prose(line).is_some() {
                    wide.push(format!("{}:{}: {line}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wide.is_empty(), "{} comments are too wide:\n{}", wide.len(), wide.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_follow() {
    for crate_ in ["runtime/src", "runtime/postgres/src", "runtime/redis/src", "macros/src"] {
        for (path, text) in sources(crate_) {
            let is_test = ["tests.rs", "model.rs"].iter().any(|name| path.ends_with(name));
            // Comments are not counted, nor the tests at the end.
            let code = text.split("\nmod tests {").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//")).count();
            assert!(is_test || lines <= 700, "{} has {lines} lines of code", path.display());
        }
    }
}

#[test]
fn unsafe_code_is_only_in_the_rooms_that_the_architecture_lists() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, list) = text.split_once("7. The compiler keeps this list").expect("the list of rooms");
    let (list, _) = list.split_once("\n8. ").expect("what follows the list");
    let rooms: Vec<&str> = list.split('`').skip(1).step_by(2).filter(|name| name.contains('/')).collect();
    let folder = root().join("runtime/src");
    for (path, text) in sources("runtime/src") {
        let is_unsafe = text.lines().any(|line| {
            let code = line.trim_start();
            !code.starts_with("//")
                && ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| code.contains(word))
        });
        let place = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let is_listed = rooms.iter().any(|room| place.starts_with(room) || place.ends_with(room));
        assert!(!is_unsafe || is_listed, "{place} has unsafe code, and is in no list: {rooms:?}");
    }
}
