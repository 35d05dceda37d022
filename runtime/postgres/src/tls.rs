//! TLS for the crate that speaks the protocol, which asks for it in its own words.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use eventlet::green::net::TcpStream;
use eventlet::green::polled::Polled;
use eventlet::tls::{TlsConnector, TlsStream, rustls::ClientConfig};
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::SslNegotiation;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream as Bound};

use crate::session::Session;

/// What a handshake that begins with TLS has to name, so that nobody talks to a server of another
/// kind.
const PROTOCOL: &[u8] = b"postgresql";

/// How connections to one host are encrypted.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    connector: TlsConnector,
    name: String,
}

impl Tls {
    pub(crate) fn new(connector: TlsConnector, name: &str, negotiation: SslNegotiation) -> Tls {
        let config = connector.config();
        let connector = if negotiation == SslNegotiation::Direct && config.alpn_protocols.is_empty() {
            let mut config = ClientConfig::clone(config);
            config.alpn_protocols = vec![PROTOCOL.to_vec()];
            // Connecting has a limit as a whole.
            TlsConnector::from(std::sync::Arc::new(config)).handshake_timeout(None)
        } else {
            connector
        };
        Tls { connector, name: name.to_owned() }
    }

    /// A handshake, of which the session takes note.
    pub(crate) fn of(self, session: &Rc<Session>) -> Handshake {
        Handshake { tls: self, session: session.clone() }
    }
}

/// A handshake that is gone through if the server speaks TLS.
pub(crate) struct Handshake {
    tls: Tls,
    session: Rc<Session>,
}

impl TlsConnect<Polled<TcpStream>> for Handshake {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>>>>;

    fn connect(self, stream: Polled<TcpStream>) -> Self::Future {
        Box::pin(async move {
            let Tls { connector, name } = &self.tls;
            let stream = connector.connect(name, stream.into_inner()).await?;
            self.session.has_encrypted();
            Ok(Encrypted(Polled::new(stream)))
        })
    }
}

/// A connection that is encrypted.
pub(crate) struct Encrypted(Polled<TlsStream>);

impl Bound for Encrypted {
    /// A password is good on this connection alone, and not on one that somebody in between has to
    /// the server.
    fn channel_binding(&self) -> ChannelBinding {
        let shown = self.0.get_ref().peer_certificates();
        match shown.as_ref().and_then(|shown| end_point(shown.first()?)) {
            Some(end_point) => ChannelBinding::tls_server_end_point(end_point),
            None => ChannelBinding::none(),
        }
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(Pin::new(&mut self.0), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// What of a certificate a password is bound to: its hash, by the function with which it is signed,
/// or SHA-256 in the place of weaker ones (RFC 5929, `tls-server-end-point`). `None` if it is
/// signed in a way that does not name one.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OID } }
    let (content, _) = element(certificate, SEQUENCE)?;
    let (_, rest) = element(content, SEQUENCE)?;
    let (algorithm, _) = element(rest, SEQUENCE)?;
    let (identifier, _) = element(algorithm, OBJECT_IDENTIFIER)?;
    let hash = match (identifier.strip_prefix(RSA), identifier.strip_prefix(ECDSA)) {
        // MD5, SHA-1 and SHA-256.
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Sha256::digest(certificate).to_vec(),
        (Some([12]), _) | (_, Some([3, 3])) => Sha384::digest(certificate).to_vec(),
        (Some([13]), _) | (_, Some([3, 4])) => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some(hash)
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// 1.2.840.113549.1.1, of PKCS #1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.2.840.10045.4, of X9.62.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];

/// The content of a DER element with this tag, and what comes after it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    if length < 0x80 {
        return rest.split_at_checked(length.into());
    }
    // So many bytes have the length, the highest first.
    let (digits, rest) = rest.split_at_checked((length & 0x7f).into())?;
    if digits.len() > 4 {
        return None;
    }
    let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As much of a certificate as is looked at.
    fn certificate(identifier: &[u8]) -> Vec<u8> {
        let of = |tag, content: Vec<u8>| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            [vec![tag, 0x82, length[0], length[1]], content].concat()
        };
        let to_be_signed = of(SEQUENCE, vec![0; 300]);
        let algorithm = of(SEQUENCE, of(OBJECT_IDENTIFIER, identifier.to_vec()));
        of(SEQUENCE, [to_be_signed, algorithm, vec![3, 1, 0]].concat())
    }

    #[test]
    fn a_certificate_is_hashed_as_it_is_signed_and_never_by_a_weak_function() {
        for (family, rest, length) in [
            (RSA, &[4][..], 32),
            (RSA, &[5], 32),
            (RSA, &[11], 32),
            (RSA, &[12], 48),
            (RSA, &[13], 64),
            (ECDSA, &[1], 32),
            (ECDSA, &[3, 2], 32),
            (ECDSA, &[3, 3], 48),
            (ECDSA, &[3, 4], 64),
        ] {
            let certificate = certificate(&[family, rest].concat());
            assert_eq!(end_point(&certificate).map(|hash| hash.len()), Some(length), "{rest:?}");
        }
        let known = certificate(&[RSA, &[11]].concat());
        assert_eq!(end_point(&known), Some(Sha256::digest(&known).to_vec()));
        // Ed25519 names none, and what is cut off anywhere says nothing.
        assert_eq!(end_point(&certificate(&[0x2b, 0x65, 0x70])), None);
        let identifier_ends = known.len() - 3;
        assert!((0..identifier_ends).all(|length| end_point(&known[..length]).is_none()));
    }
}
