//! Calls of std that stop every green thread of a hub.

super::lint! {
    /// `std::thread::sleep`.
    Thread {
        sleep: "it stops every green thread of this hub while it sleeps
help: `eventlet::sleep` suspends only this one; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::net::TcpListener`].
    TcpListener {
        accept incoming: "it stops every green thread of this hub until somebody connects
help: use `eventlet::green::net::TcpListener`; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::net::TcpStream`].
    TcpStream {
        connect connect_timeout: "it stops every green thread of this hub while it connects
help: use `eventlet::green::net::TcpStream`; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
        read read_exact read_to_end read_to_string write write_all:
            "it stops every green thread of this hub until the other side is ready
help: use `eventlet::green::net::TcpStream`; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::io::Stdin`].
    Stdin {
        read_line read_to_end read_to_string: "it stops every green thread of this hub until there is input
help: `eventlet::tpool::execute` waits on another OS thread; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::process::Command`].
    Command {
        output status wait wait_with_output: "it stops every green thread of this hub until the process ends
help: use `eventlet::green::process::Command`; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::process::Child`].
    Child {
        wait wait_with_output: "it stops every green thread of this hub until the process ends
help: use `eventlet::green::process::Command`; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::thread::JoinHandle`].
    JoinHandle {
        join: "it stops every green thread of this hub until the OS thread ends
help: `eventlet::tpool::execute` gives its value without that; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::sync::mpsc::Receiver`].
    Receiver {
        recv recv_timeout: "it stops every green thread of this hub until a value comes
help: `eventlet::tpool::execute` waits on another OS thread; see `blocks-the-hub` in `eventlet::docs::diagnostics`";
    }
}
