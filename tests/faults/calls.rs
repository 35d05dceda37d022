//! What fails: the system calls, their numbers, and the errors that their manual pages allow.
//!
//! Four kinds of errors are left out. `EBADF`, `EFAULT`, `ENOTSOCK` and their like say that the program is wrong. `EAGAIN` of
//! what waits is said by the kernel in every run, and said where there is something to be had it would be a lie that no
//! edge follows; so would be `EINPROGRESS` and `EALREADY` of a connection that has not begun, and `ENOTCONN` of one whose
//! end is asked for.

/// An error's name and number.
pub(crate) type Failure = (&'static str, i32);

macro_rules! failures {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name)),*] };
}

/// A system call, by all the numbers under which the scene may make it.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) numbers: &'static [i64],
    pub(crate) failures: &'static [Failure],
}

/// What a hundred clients do, under a hub, and what fails meanwhile.
pub(crate) struct Group {
    pub(crate) hub: &'static str,
    pub(crate) scene: &'static str,
    pub(crate) call: &'static Call,
}

macro_rules! calls {
    ($($list:ident: $($name:literal [$($number:ident)*]: $($failure:ident)*;)*)*) => {
        $(const $list: &[Call] = &[$(Call {
            name: $name,
            numbers: &[$(libc::$number),*],
            failures: failures![$($failure)*],
        }),*];)*
    };
}

calls! {
    // An accept loop with its clients.
    LOOP:
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "epoll_wait" [SYS_epoll_wait SYS_epoll_pwait]: EINTR;
        "epoll_pwait2" [SYS_epoll_pwait2]: EINTR ENOSYS EPERM;
        "accept4" [SYS_accept4]: ECONNABORTED EINTR EMFILE ENFILE ENOBUFS ENOMEM EPERM EPROTO;
        "socket" [SYS_socket]: EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT;
        "connect" [SYS_connect]: EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN ECONNREFUSED EINTR ENETUNREACH EPERM
            EPROTOTYPE ETIMEDOUT;
        "recvfrom, read" [SYS_recvfrom SYS_read]: ECONNREFUSED ECONNRESET EINTR EINVAL EIO ENOMEM ENOTCONN ETIMEDOUT;
        "sendto, write" [SYS_sendto SYS_write]: EACCES ECONNRESET EINTR EMSGSIZE ENOBUFS ENOMEM ENOTCONN EPIPE;
        "close" [SYS_close]: EINTR EIO ENOSPC EDQUOT;
    // Servers that are to go on, whatever becomes of accepting; what the network says of a connection besides.
    ACCEPT:
        "accept4" [SYS_accept4]: ECONNABORTED EINTR EMFILE ENFILE ENOBUFS ENOMEM EPERM EPROTO
            EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENONET ENOPROTOOPT EOPNOTSUPP;
    POLLING:
        "epoll_wait" [SYS_epoll_wait SYS_epoll_pwait SYS_epoll_pwait2]: EINTR;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "timerfd_settime" [SYS_timerfd_settime]: EINVAL;
    POLL:
        "poll" [SYS_poll SYS_ppoll]: EINTR ENOMEM EINVAL;
    SELECT:
        "select" [SYS_select SYS_pselect6]: EINTR ENOMEM EINVAL;
    // Each client has a listener of its own.
    TCP:
        "socket" [SYS_socket]: EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT;
        "setsockopt" [SYS_setsockopt]: EINVAL ENOPROTOOPT ENOMEM ENOBUFS;
        "getsockopt" [SYS_getsockopt]: EINVAL ENOPROTOOPT;
        "bind" [SYS_bind]: EACCES EADDRINUSE EADDRNOTAVAIL EINVAL ENOMEM;
        "listen" [SYS_listen]: EADDRINUSE EOPNOTSUPP;
        "getsockname" [SYS_getsockname]: EINVAL ENOBUFS;
        "getpeername" [SYS_getpeername]: EINVAL ENOBUFS;
        "ioctl" [SYS_ioctl]: EINVAL ENOTTY;
        "readv" [SYS_readv]: ECONNRESET EINTR EINVAL ENOMEM ENOTCONN ETIMEDOUT;
        "writev" [SYS_writev]: ECONNRESET EINTR EINVAL ENOBUFS ENOMEM ENOTCONN EPIPE;
        "shutdown" [SYS_shutdown]: EINVAL ENOTCONN;
    UDP:
        "socket" [SYS_socket]: EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT;
        "bind" [SYS_bind]: EACCES EADDRINUSE EADDRNOTAVAIL EINVAL ENOMEM;
        "connect" [SYS_connect]: EACCES EADDRNOTAVAIL EAFNOSUPPORT ENETUNREACH EPERM;
        "setsockopt" [SYS_setsockopt]: EINVAL ENOPROTOOPT ENOMEM ENOBUFS;
        "recvfrom" [SYS_recvfrom]: ECONNREFUSED EINTR EINVAL ENOMEM ENOTCONN;
        "sendto" [SYS_sendto]: EACCES ECONNREFUSED EDESTADDRREQ EINTR EMSGSIZE ENETUNREACH ENOBUFS ENOMEM EPERM EPIPE;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "close" [SYS_close]: EINTR EIO;
    UNIX_STREAM:
        "socket" [SYS_socket]: EACCES EAFNOSUPPORT EMFILE ENFILE ENOBUFS ENOMEM;
        "socketpair" [SYS_socketpair]: EAFNOSUPPORT EMFILE ENFILE EOPNOTSUPP EPROTONOSUPPORT;
        "bind" [SYS_bind]: EACCES EADDRINUSE EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EROFS;
        "listen" [SYS_listen]: EADDRINUSE EOPNOTSUPP;
        "connect" [SYS_connect]: EACCES EAGAIN ECONNREFUSED EINTR ENOENT EPERM EPROTOTYPE;
        "accept4" [SYS_accept4]: ECONNABORTED EINTR EMFILE ENFILE ENOBUFS ENOMEM EPERM;
        "recvfrom, read" [SYS_recvfrom SYS_read]: ECONNRESET EINTR EINVAL ENOMEM ENOTCONN;
        "sendto, write" [SYS_sendto SYS_write]: ECONNRESET EINTR EMSGSIZE ENOBUFS ENOMEM ENOTCONN EPIPE;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "shutdown" [SYS_shutdown]: EINVAL ENOTCONN;
        "close" [SYS_close]: EINTR EIO;
    UNIX_DATAGRAM:
        "socket" [SYS_socket]: EACCES EAFNOSUPPORT EMFILE ENFILE ENOBUFS ENOMEM;
        "socketpair" [SYS_socketpair]: EAFNOSUPPORT EMFILE ENFILE EOPNOTSUPP EPROTONOSUPPORT;
        "bind" [SYS_bind]: EACCES EADDRINUSE EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EROFS;
        "connect" [SYS_connect]: EACCES ECONNREFUSED ENOENT EPERM EPROTOTYPE;
        "recvfrom, recvmsg" [SYS_recvfrom SYS_recvmsg]: ECONNREFUSED EINTR EINVAL ENOMEM ENOTCONN;
        "sendto" [SYS_sendto]: EACCES ECONNREFUSED ECONNRESET EINTR EMSGSIZE ENOBUFS ENOENT ENOMEM ENOTCONN EPIPE;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "shutdown" [SYS_shutdown]: EINVAL ENOTCONN;
    PIPE:
        "pipe2" [SYS_pipe2]: EMFILE ENFILE;
        "ioctl" [SYS_ioctl]: EINVAL ENOTTY;
        "fcntl" [SYS_fcntl]: EINVAL EMFILE EPERM;
        "open" [SYS_open SYS_openat]: EACCES EINTR EMFILE ENFILE ENOENT ENOMEM ENXIO EPERM;
        "dup3" [SYS_dup3]: EBUSY EINTR EMFILE;
        "read" [SYS_read]: EINTR EINVAL EIO;
        "write" [SYS_write]: EINTR EINVAL EIO EPERM EPIPE;
        "readv" [SYS_readv]: EINTR EINVAL EIO;
        "writev" [SYS_writev]: EINTR EINVAL EIO EPERM EPIPE;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "close" [SYS_close]: EINTR EIO;
    FILES:
        "open" [SYS_open SYS_openat]: EACCES EAGAIN EBUSY EDQUOT EEXIST EFBIG EINTR EINVAL EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENODEV
            ENOENT ENOMEM ENOSPC ENOTDIR ENXIO EOPNOTSUPP EOVERFLOW EPERM EROFS ETXTBSY;
        "read" [SYS_read]: EINTR EINVAL EIO EISDIR;
        "write" [SYS_write]: EDQUOT EFBIG EINTR EINVAL EIO ENOSPC EPERM;
        "pread64" [SYS_pread64]: EINTR EINVAL EIO EISDIR ENXIO EOVERFLOW ESPIPE;
        "pwrite64" [SYS_pwrite64]: EDQUOT EFBIG EINTR EINVAL EIO ENOSPC ENXIO EOVERFLOW EPERM ESPIPE;
        "fsync" [SYS_fsync SYS_fdatasync]: EDQUOT EINTR EINVAL EIO ENOSPC EROFS;
        "lseek" [SYS_lseek]: EINVAL ENXIO EOVERFLOW ESPIPE;
        "ftruncate" [SYS_ftruncate]: EFBIG EINTR EINVAL EIO EPERM ETXTBSY;
        "statx, fstat" [SYS_statx SYS_fstat SYS_newfstatat]: EACCES ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW;
        "flock" [SYS_flock]: EINTR EINVAL ENOLCK;
        "fchmod" [SYS_fchmod]: EIO EPERM EROFS;
        "close" [SYS_close]: EDQUOT EINTR EIO ENOSPC;
    FOLDERS:
        "open" [SYS_open SYS_openat]: EACCES ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOTDIR;
        "statx, fstat" [SYS_statx SYS_fstat SYS_newfstatat]: EACCES ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW;
        "rename" [SYS_rename SYS_renameat SYS_renameat2]: EACCES EBUSY EDQUOT EEXIST EINVAL EISDIR ELOOP EMLINK ENAMETOOLONG ENOENT
            ENOMEM ENOSPC ENOTDIR ENOTEMPTY EPERM EROFS EXDEV;
        "symlink" [SYS_symlink SYS_symlinkat]: EACCES EDQUOT EEXIST EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOSPC ENOTDIR EPERM EROFS;
        "mkdir" [SYS_mkdir SYS_mkdirat]: EACCES EDQUOT EEXIST EINVAL ELOOP EMLINK ENAMETOOLONG ENOENT ENOMEM ENOSPC ENOTDIR EPERM
            EROFS;
        // `ENOENT` is the end of a folder, to the C library.
        "getdents64" [SYS_getdents64]: EINVAL ENOTDIR;
        "unlink" [SYS_unlink]: EACCES EBUSY EIO EISDIR ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM EROFS;
        "rmdir" [SYS_rmdir]: EACCES EBUSY EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR ENOTEMPTY EPERM EROFS;
        "close" [SYS_close]: EDQUOT EINTR EIO ENOSPC;
    LENT:
        "fcntl" [SYS_fcntl]: EINVAL EMFILE;
        "poll" [SYS_poll SYS_ppoll]: EINTR EINVAL ENOMEM;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
        "close" [SYS_close]: EINTR EIO;
    STDERR:
        "write" [SYS_write]: EINTR EINVAL EIO ENOSPC EPIPE;
        "open" [SYS_open SYS_openat]: EACCES EINTR EMFILE ENFILE ENOENT ENXIO;
        "fcntl" [SYS_fcntl]: EINVAL EMFILE;
        "statx, fstat" [SYS_statx SYS_fstat SYS_newfstatat]: ENOMEM EOVERFLOW;
    // A hub whose OS threads have not begun.
    FIRST_FILE:
        // The C library says EAGAIN for ENOMEM.
        "clone3" [SYS_clone3 SYS_clone]: EAGAIN EPERM;
    PROCESSES:
        "clone3" [SYS_clone3 SYS_clone SYS_vfork]: EAGAIN ENOMEM EPERM;
        "execve" [SYS_execve]: E2BIG EACCES EINVAL EIO EISDIR ELIBBAD ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOTDIR EPERM
            ETXTBSY;
        "pipe2" [SYS_pipe2]: EMFILE ENFILE;
        "pidfd_open" [SYS_pidfd_open]: EINVAL EMFILE ENFILE ENODEV ENOMEM ENOSYS EPERM;
        "wait4" [SYS_wait4 SYS_waitid]: ECHILD;
        "kill" [SYS_kill]: EPERM ESRCH;
        "poll" [SYS_poll SYS_ppoll]: EINTR EINVAL ENOMEM;
        "fcntl" [SYS_fcntl]: EINVAL EMFILE EPERM;
        "ioctl" [SYS_ioctl]: EINVAL ENOTTY;
        "read" [SYS_read]: EINTR EINVAL EIO;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
    // What comes of a signal goes through a socket.
    SIGNAL:
        "socketpair" [SYS_socketpair]: EAFNOSUPPORT EMFILE ENFILE EOPNOTSUPP EPROTONOSUPPORT;
        "ioctl" [SYS_ioctl]: EINVAL ENOTTY;
        "setsockopt" [SYS_setsockopt]: EINVAL ENOPROTOOPT ENOMEM ENOBUFS;
        "recvmsg" [SYS_recvmsg]: EINTR EINVAL ENOMEM;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
    EPOLL_MADE:
        "epoll_create1" [SYS_epoll_create1]: EINVAL EMFILE ENFILE ENOMEM;
        "eventfd2" [SYS_eventfd2]: EINVAL EMFILE ENFILE ENODEV ENOMEM;
        "timerfd_create" [SYS_timerfd_create]: EINVAL EMFILE ENFILE ENODEV ENOMEM;
        "epoll_ctl" [SYS_epoll_ctl]: ENOMEM ENOSPC EPERM;
    PAIR_MADE:
        "socketpair" [SYS_socketpair]: EAFNOSUPPORT EMFILE ENFILE EOPNOTSUPP EPROTONOSUPPORT;
        "ioctl" [SYS_ioctl]: EINVAL ENOTTY;
}

const SCENES: &[(&str, &str, &[Call])] = &[
    ("default", "loop", LOOP),
    ("default", "serve", ACCEPT),
    ("default", "Server", ACCEPT),
    ("polling", "loop", POLLING),
    ("poll", "loop", POLL),
    ("select", "loop", SELECT),
    ("default", "TCP", TCP),
    ("default", "UDP", UDP),
    ("default", "Unix stream", UNIX_STREAM),
    ("default", "Unix datagram", UNIX_DATAGRAM),
    ("default", "pipe", PIPE),
    ("default", "files", FILES),
    ("default", "folders", FOLDERS),
    ("default", "lent", LENT),
    ("default", "stderr", STDERR),
    ("default", "first file", FIRST_FILE),
    ("default", "processes", PROCESSES),
    ("default", "signal", SIGNAL),
    ("default", "use_hub", EPOLL_MADE),
    ("polling", "use_hub", EPOLL_MADE),
    ("poll", "use_hub", PAIR_MADE),
    ("select", "use_hub", PAIR_MADE),
    ("default", "first use", EPOLL_MADE),
    ("poll", "first use", PAIR_MADE),
];

pub(crate) fn groups() -> Vec<Group> {
    let of_scene = |&(hub, scene, calls): &(_, _, &'static [Call])| {
        calls.iter().map(move |call| Group { hub, scene, call })
    };
    SCENES.iter().flat_map(of_scene).collect()
}

/// How often the call fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Often {
    Once,
    Repeatedly,
}

/// The cells of a group, in the order in which they are run.
pub(crate) fn cells(call: &Call) -> impl Iterator<Item = (Failure, Often)> {
    call.failures.iter().flat_map(|&failure| [(failure, Often::Once), (failure, Often::Repeatedly)])
}
