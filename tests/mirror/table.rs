//! The table of `docs/std.md`: of every item of std it is said whether it may block, and which is its twin or why there is
//! none. The compiler looks whether the twins are there and stand in front of std's; `items.txt` is what std has, and is
//! compared with the toolchain's own documentation where that is installed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use eventlet_tests::source::root;

/// From here on the page is written by a test.
const TABLE: &str = "## All of it\n";

/// Twins, with what of them may block. Of two globs with the same name the compiler says that they are ambiguous, unless
/// the name is of the same item in both: so the mirror has the twin, and not std's.
macro_rules! twins {
    ($($path:literal, $module:ident = $twin:path, $mirror:path { $($name:ident: $blocks:literal,)* })*) => {
        $(
            #[allow(unused_imports, unreachable_pub, reason = "to name them is the test")]
            mod $module {
                mod both {
                    pub use $mirror::*;
                    pub use $twin::*;
                }
                use both::{$($name as _),*};
                use $twin::{$($name as _),*};
            }
        )*

        const TWINS: &[(&str, &str, &str, &str)] = &[$($(($path, stringify!($name), stringify!($twin), $blocks),)*)*];
    };
}

twins! {
    "", in_root = eventlet::green::thread, eventlet::green::std {
        thread_local: "nothing; its values are the green threads'",
    }
    "fs", in_fs = eventlet::green::fs, eventlet::green::std::fs {
        DirBuilder: "`create`",
        DirEntry: "`metadata`, `file_type`",
        File: "opening, and all that asks the file system",
        OpenOptions: "`open`",
        ReadDir: "each step: it is a green iterator",
        TryLockError: "nothing; its file is the green one",
        canonicalize: "the call",
        copy: "the call",
        create_dir: "the call",
        create_dir_all: "the call",
        exists: "the call",
        hard_link: "the call",
        metadata: "the call",
        read: "the call",
        read_dir: "the call",
        read_link: "the call",
        read_to_string: "the call",
        remove_dir: "the call",
        remove_dir_all: "the call",
        remove_file: "the call",
        rename: "the call",
        set_permissions: "the call",
        symlink_metadata: "the call",
        write: "the call",
    }
    "io", in_io = eventlet::green::io, eventlet::green::std::io {
        BufRead: "all methods but `consume`",
        BufReader: "what its reader does",
        BufWriter: "what its writer does",
        Bytes: "each step: it is a green iterator",
        Chain: "what its readers do",
        IntoInnerError: "nothing; its writer is the green one",
        LineWriter: "what its writer does",
        Lines: "each step: it is a green iterator",
        PipeReader: "reading",
        PipeWriter: "writing",
        Read: "all methods but `by_ref`, `bytes`, `chain`, `take`",
        Seek: "all methods",
        Split: "each step: it is a green iterator",
        Stderr: "`lock`, writing",
        StderrLock: "writing",
        Stdin: "`lock`, `lines`, reading",
        StdinLock: "reading",
        Stdout: "`lock`, writing",
        StdoutLock: "writing",
        Take: "what its reader does",
        Write: "all methods but `by_ref`",
        copy: "the call",
        pipe: "nothing; its ends are the green ones",
        read_to_string: "the call",
        stderr: "nothing; what it gives is the green one",
        stdin: "nothing; what it gives is the green one",
        stdout: "nothing; what it gives is the green one",
    }
    "net", in_net = eventlet::green::net, eventlet::green::std::net {
        Incoming: "each step: it is a green iterator",
        TcpListener: "`bind` to a name, `accept`",
        TcpStream: "`connect`, reading, writing",
        ToSocketAddrs: "looking a name up",
        UdpSocket: "`bind` to a name, `connect`, sending, receiving",
    }
    "os::unix::fs", in_os_unix_fs = eventlet::green::os::unix::fs, eventlet::green::std::os::unix::fs {
        chown: "the call",
        fchown: "the call",
        lchown: "the call",
        symlink: "the call",
    }
    "os::unix::net", in_os_unix_net = eventlet::green::os::unix::net, eventlet::green::std::os::unix::net {
        Incoming: "each step: it is a green iterator",
        UnixDatagram: "sending, receiving",
        UnixListener: "`accept`",
        UnixStream: "`connect`, reading, writing",
    }
    "process", in_process = eventlet::green::process, eventlet::green::std::process {
        Child: "`wait`, `wait_with_output`",
        ChildStderr: "reading",
        ChildStdin: "writing",
        ChildStdout: "reading",
        Command: "`output`, `status`",
    }
    "sync", in_sync = eventlet::green::sync, eventlet::green::std::sync {
        Barrier: "`wait`",
        BarrierWaitResult: "nothing; std's cannot be made",
        Condvar: "all methods but those that notify",
        LazyLock: "`force`; a dereference waits in place",
        Mutex: "`lock`",
        MutexGuard: "nothing; its mutex is the green one",
        Once: "`call_once`, `call_once_force`, `wait`, `wait_force`",
        OnceLock: "`get_or_init`, `set`, `wait`",
        OnceState: "nothing; std's cannot be made",
        RwLock: "`read`, `write`",
        RwLockReadGuard: "nothing; its lock is the green one",
        RwLockWriteGuard: "nothing; its lock is the green one",
        WaitTimeoutResult: "nothing; std's cannot be made",
    }
    "sync::mpsc", in_sync_mpsc = eventlet::green::sync::mpsc, eventlet::green::std::sync::mpsc {
        IntoIter: "each step: it is a green iterator",
        Iter: "each step: it is a green iterator",
        Receiver: "`recv`, `recv_timeout`",
        Sender: "nothing; its receiver is the green one",
        SyncSender: "`send`",
        TryIter: "nothing; its receiver is the green one",
        channel: "nothing; its ends are the green ones",
        sync_channel: "nothing; its ends are the green ones",
    }
    "thread", in_thread = eventlet::green::thread, eventlet::green::std::thread {
        Builder: "nothing; what it starts are green threads",
        JoinHandle: "`join`",
        LocalKey: "nothing; its values are the green threads'",
        Scope: "nothing; what it starts are green threads",
        ScopedJoinHandle: "`join`",
        Thread: "nothing; it is a green thread's",
        current: "nothing; what it gives is the green thread",
        park: "the call",
        park_timeout: "the call",
        scope: "until its threads have ended",
        sleep: "the call",
        spawn: "nothing; what it starts are green threads",
        yield_now: "the call",
    }
}

/// What may block and has no twin, with the reason.
const WITHOUT: &[(&str, &str)] = &[
    ("dbg", "as `println`"),
    ("eprint", "as `println`"),
    ("eprintln", "as `println`"),
    ("print", "as `println`"),
    (
        "println",
        "what a macro writes is no call of the body, so it cannot suspend; `writeln!(io::stdout(), …)` does",
    ),
    ("env::current_dir", "one system call about this process"),
    ("env::current_exe", "one system call about this process"),
    ("env::set_current_dir", "it holds for all OS threads, and is one system call"),
    ("fs::soft_link", "std has deprecated it: `os::unix::fs::symlink`"),
    ("os::unix::fs::chroot", "it holds for all OS threads, and is one system call"),
    ("os::unix::fs::DirBuilderExt", "a trait of std's type; its method is the green `DirBuilder`'s own"),
    ("os::unix::fs::DirEntryExt", "a trait of std's type; its method is the green `DirEntry`'s own"),
    (
        "os::unix::fs::FileExt",
        "a trait of std's type, whose methods cannot be green; they are the green `File`'s own",
    ),
    ("os::unix::fs::OpenOptionsExt", "a trait of std's type; its methods are the green `OpenOptions`' own"),
    ("os::unix::process::CommandExt", "a trait of std's type; its methods are the green `Command`'s own"),
    ("os::unix::thread::JoinHandleExt", "a green thread has no OS thread of its own"),
    (
        "path::Path",
        "`exists`, `metadata`, `read_dir` and their kind are methods of std's type: `fs::metadata(path)` and its kind suspend",
    ),
    ("path::PathBuf", "as `Path`"),
    ("path::absolute", "one system call about this process"),
    ("process::exit", "the process ends"),
    ("sync::ONCE_INIT", "std has deprecated it: `Once::new()`"),
    ("thread::park_timeout_ms", "std has deprecated it: `park_timeout`"),
    ("thread::sleep_ms", "std has deprecated it: `sleep`"),
];

/// What never blocks, and so is std's own in the mirror.
const NEVER: &[(&str, &str)] = &[
    (
        "",
        "assert assert_eq assert_ne cfg cfg_select column compile_error concat debug_assert debug_assert_eq \
         debug_assert_ne env file format format_args include include_bytes include_str \
         is_x86_feature_detected line matches module_path option_env panic stringify todo try unimplemented \
         unreachable vec write writeln",
    ),
    (
        "env",
        "Args ArgsOs JoinPathsError SplitPaths Vars VarsOs VarError args args_os home_dir join_paths remove_var set_var \
         split_paths temp_dir var var_os vars vars_os",
    ),
    ("fs", "FileTimes FileType Metadata Permissions"),
    (
        "io",
        "Cursor Empty Error IoSlice IoSliceMut Repeat Sink WriterPanicked ErrorKind SeekFrom IsTerminal empty repeat sink Result",
    ),
    ("net", "AddrParseError Ipv4Addr Ipv6Addr SocketAddrV4 SocketAddrV6 IpAddr Shutdown SocketAddr"),
    ("os::fd", "BorrowedFd OwnedFd AsFd AsRawFd FromRawFd IntoRawFd RawFd"),
    ("os::linux::fs", "MetadataExt"),
    ("os::linux::net", "SocketAddrExt TcpStreamExt"),
    ("os::linux::raw", "stat blkcnt_t blksize_t dev_t ino_t mode_t nlink_t off_t pthread_t time_t"),
    ("os::unix::ffi", "OsStrExt OsStringExt"),
    ("os::unix::fs", "FileTypeExt MetadataExt PermissionsExt"),
    ("os::unix::net", "SocketAddr"),
    ("os::unix::process", "ExitStatusExt parent_id"),
    (
        "os::unix::raw",
        "blkcnt_t blksize_t dev_t gid_t ino_t mode_t nlink_t off_t pid_t pthread_t time_t uid_t",
    ),
    ("os::unix::thread", "RawPthread"),
    (
        "path",
        "Ancestors Components Display Iter PrefixComponent StripPrefixError Component Prefix is_separator MAIN_SEPARATOR \
         MAIN_SEPARATOR_STR",
    ),
    ("process", "CommandArgs CommandEnvs ExitCode ExitStatus Output Stdio Termination abort id"),
    ("sync", "Arc PoisonError Weak TryLockError LockResult TryLockResult"),
    ("sync::mpsc", "RecvError SendError RecvTimeoutError TryRecvError TrySendError"),
    ("thread", "AccessError ThreadId available_parallelism panicking Result"),
    ("time", "Duration Instant SystemTime SystemTimeError TryFromFloatSecsError UNIX_EPOCH"),
];

/// What std has in the modules in which anything may block.
fn items() -> Vec<String> {
    let text = fs::read_to_string(root().join("tests/mirror/items.txt"))
        .expect("the list of std's items can be read");
    text.lines().map(str::to_owned).collect()
}

fn joined(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

#[test]
fn of_each_item_of_std_it_is_said_whether_it_blocks() {
    let mut said: BTreeMap<String, u32> = BTreeMap::new();
    let twins = TWINS.iter().map(|(module, name, ..)| joined(module, name));
    let never =
        NEVER.iter().flat_map(|(module, names)| names.split_whitespace().map(|name| joined(module, name)));
    for path in twins.chain(never).chain(WITHOUT.iter().map(|(path, _)| (*path).to_owned())) {
        *said.entry(path).or_default() += 1;
    }
    let items = items();
    let silent: Vec<&String> = items.iter().filter(|item| !said.contains_key(*item)).collect();
    let unknown: Vec<&String> = said.keys().filter(|path| !items.contains(path)).collect();
    let twice: Vec<&String> = said.iter().filter(|(_, times)| **times > 1).map(|(path, _)| path).collect();
    assert!(silent.is_empty() && unknown.is_empty() && twice.is_empty(), "{silent:?} {unknown:?} {twice:?}");
    assert!(WITHOUT.iter().all(|(_, reason)| !reason.is_empty()));
    assert!(items.len() > 250, "the list is read: {}", items.len());
}

#[test]
fn the_page_says_what_is_checked_here() {
    let path = root().join("docs/std.md");
    let page = fs::read_to_string(&path).expect("the page can be read");
    let (by_hand, table) = page.split_once(TABLE).expect("the page has the heading of the table");
    let made = table_of_all();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{by_hand}{TABLE}{made}")).expect("the page can be written");
        return;
    }
    assert_eq!(table, made, "with BLESS=1 this test writes it anew");
}

fn table_of_all() -> String {
    let mut rows: Vec<(String, String)> = vec![];
    for (module, name, twin, blocks) in TWINS {
        let twin = twin.replace(' ', "");
        let item = joined(module, name);
        let shown = if module.is_empty() { format!("{item}!") } else { item.clone() };
        rows.push((item, format!("| `{shown}` | {blocks} | `{twin}::{name}` |")));
    }
    for (path, reason) in WITHOUT {
        let shown = if path.contains("::") { (*path).to_owned() } else { format!("{path}!") };
        rows.push(((*path).to_owned(), format!("| `{shown}` | itself | none: {reason} |")));
    }
    // Macros first, then module by module.
    rows.sort_by_key(|(path, _)| {
        (path.contains("::"), path.rsplit_once("::").map(|(module, _)| module.to_owned()), path.clone())
    });
    let mut table =
        String::from("\n| in std | what may block | twin, or why there is none |\n|---|---|---|\n");
    for (_, row) in rows {
        table += &row;
        table.push('\n');
    }
    table += "\nWhat never blocks is std's own in the mirror, the same item:\n\n| in | |\n|---|---|\n";
    for (module, names) in NEVER {
        let module = if module.is_empty() { "macros".to_owned() } else { format!("`{module}`") };
        let names: Vec<String> = names.split_whitespace().map(|name| format!("`{name}`")).collect();
        writeln!(table, "| {module} | {} |", names.join(", ")).expect("a text can be written to");
    }
    table
}

/// The pages of the toolchain's own documentation, if they are there.
fn documentation() -> Option<PathBuf> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    let folder =
        PathBuf::from(String::from_utf8(sysroot.stdout).ok()?.trim()).join("share/doc/rust/html/std");
    folder.join("all.html").exists().then_some(folder)
}

/// Where that documentation is of the version that the list is of.
const VERSION: &str = "rustc 1.95.";

#[test]
fn the_list_of_items_is_stds_own() {
    let Some(folder) = documentation() else { return };
    let version = Command::new("rustc").arg("--version").output().expect("rustc runs").stdout;
    if !String::from_utf8_lossy(&version).starts_with(VERSION) {
        return;
    }
    let modules = NEVER.iter().map(|(module, _)| *module).filter(|module| !module.is_empty());
    let modules: Vec<&str> = modules.collect();
    let all = fs::read_to_string(folder.join("all.html")).expect("the list of all items can be read");
    let mut items = vec![];
    for link in all.split("<a href=\"").skip(1) {
        let Some((page, rest)) = link.split_once("\">") else { continue };
        let Some((path, _)) = rest.split_once("</a>") else { continue };
        let is_macro = page.starts_with("macro.");
        let is_inside = path.rsplit_once("::").is_some_and(|(module, _)| modules.contains(&module));
        if !(is_macro || is_inside) || page.contains('#') {
            continue;
        }
        let text = fs::read_to_string(folder.join(page)).expect("each page can be read");
        let head = text.split("<h2 id=").next().unwrap_or_default();
        if !head.contains("class=\"stab unstable\"") {
            items.push(path.to_owned());
        }
    }
    items.sort();
    items.dedup();
    if std::env::var_os("BLESS").is_some() {
        let path = root().join("tests/mirror/items.txt");
        fs::write(path, items.join("\n") + "\n").expect("the list can be written");
        return;
    }
    assert_eq!(self::items(), items, "with BLESS=1 this test writes the list anew");
}
