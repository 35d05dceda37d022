//! Certificates and keys as PEM, and the library that computes with them.

use std::io;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What computes: `ring`, or `aws-lc-rs` by feature.
pub(super) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "tls-aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "tls-aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    Arc::new(provider)
}

/// A certificate with those that vouch for it, and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(super) fn identity(certificates: &[u8], key: &[u8]) -> io::Result<Identity> {
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(format!("no private key: {error}")))?;
    Ok((certificates_of(certificates)?, key))
}

pub(super) fn roots(pem: &[u8], roots: &mut RootCertStore) -> io::Result<()> {
    for certificate in certificates_of(pem)? {
        roots.add(certificate).map_err(refused)?;
    }
    Ok(())
}

fn certificates_of(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(wrong("no certificate: the PEM has none".to_owned())),
        Err(error) => Err(wrong(format!("no certificate: {error}"))),
    }
}

/// What rustls says of a configuration.
pub(super) fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

fn wrong(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
