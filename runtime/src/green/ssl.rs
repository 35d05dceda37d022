//! TLS under the name by which Python knows it: eventlet's `green.ssl`. It is [`tls`](crate::tls).
//!
//! | Python | here |
//! |---|---|
//! | `SSLContext(PROTOCOL_TLS_CLIENT)`, `create_default_context()` | [`TlsConnector`] |
//! | `SSLContext(PROTOCOL_TLS_SERVER)`, `load_cert_chain` | [`TlsAcceptor`] |
//! | `context.wrap_socket(sock, server_hostname=…)` | [`TlsConnector::connect`], [`TlsAcceptor::accept`] |
//! | `context.wrap_socket(listener, server_side=True)` | [`TlsListener::new`] |
//! | `SSLSocket` | [`TlsStream`] |
//! | `ssl.SSLError` | an [`io::Error`](std::io::Error) that holds a [`rustls::Error`] |

pub use crate::tls::{
    AcceptorBuilder, CertReqs, ConnectorBuilder, SslOptions, TlsAcceptor, TlsConnector, TlsListener,
    TlsStream, Transport, WrapSsl, rustls, wrap_ssl,
};
