//! Who is trusted, what is agreed on, and when.

use std::io;
use std::time::Duration;

use eventlet::green;
use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::testing::now;
use eventlet::tls::rustls::{self, AlertDescription, CertificateError, ProtocolVersion, version};
use eventlet::tls::{TlsAcceptor, TlsConnector};
use eventlet::{sleep, spawn, with_timeout};
use eventlet_web_tests::authority::{AUTHORITY, Authority};

use super::{
    MS, NAME, SERVER, acceptor, agree, client, connector, connector_of, fresh, pair, protocol_error, shake,
};

#[eventlet::test]
fn the_handshake_is_gone_through_at_the_first_use() {
    let (mut client, mut server) = fresh();
    assert!(client.is_handshaking() && server.is_handshaking());
    assert_eq!((client.protocol_version(), client.cipher_suite()), (None, None));
    let serving = spawn(
        #[green]
        move || {
            let mut word = [0; 5];
            server.read_exact(&mut word).unwrap();
            (word, server.is_handshaking(), server.server_name(), server.is_resumed())
        },
    );
    client.write_all(b"hello").unwrap();
    assert_eq!(serving.wait(), (*b"hello", false, Some(NAME.to_owned()), false));
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert!(client.cipher_suite().is_some());
    assert_eq!(client.server_name(), None);
    let chain = client.peer_certificates().unwrap();
    assert_eq!(chain.len(), 1);
}

#[eventlet::test]
fn both_versions_are_spoken() {
    for (version, spoken) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let (one, other) = UnixStream::pair().unwrap();
        let (client, server) =
            (connector_of(version).wrap(NAME, one).unwrap(), acceptor().wrap(other).unwrap());
        agree(&client, &server);
        assert_eq!(server.protocol_version(), Some(spoken));
        (&server).write_all(b"word").unwrap();
        let mut word = [0; 4];
        (&client).read_exact(&mut word).unwrap();
        assert_eq!(&word, b"word");
    }
}

/// What both ends come to when they do not agree.
#[green]
fn refused(connector: &TlsConnector, name: &str, acceptor: &TlsAcceptor) -> (io::Error, io::Error) {
    let (one, other) = UnixStream::pair().unwrap();
    let (client, server) = (connector.wrap(name, one).unwrap(), acceptor.wrap(other).unwrap());
    let (at_client, at_server) = shake(&client, &server);
    // With TLS 1.3 the client's side is done before the server has seen what it shows.
    let at_client = match at_client {
        Err(error) => error,
        Ok(()) => (&client).read(&mut [0; 1]).unwrap_err(),
    };
    // Every later call says it again.
    assert_eq!(server.handshake().unwrap_err().kind(), io::ErrorKind::InvalidData);
    (at_client, at_server.unwrap_err())
}

#[eventlet::test]
fn a_server_from_an_authority_that_is_not_trusted_is_refused() {
    let stranger = Authority::new("a stranger").identity(&[NAME]);
    let acceptor = TlsAcceptor::new(&stranger.certificate, &stranger.key).unwrap();
    let (at_client, at_server) = refused(&connector(), NAME, &acceptor);
    assert_eq!(
        protocol_error(&at_client),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    );
    assert_eq!(at_client.to_string(), "invalid peer certificate: UnknownIssuer");
    assert_eq!(protocol_error(&at_server), rustls::Error::AlertReceived(AlertDescription::UnknownCA));
}

#[eventlet::test]
fn a_server_of_another_name_is_refused() {
    let (at_client, at_server) = refused(&connector(), "elsewhere.test", &acceptor());
    assert!(
        matches!(
            protocol_error(&at_client),
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            )
        ),
        "{at_client}"
    );
    assert_eq!(protocol_error(&at_server), rustls::Error::AlertReceived(AlertDescription::BadCertificate));
}

#[eventlet::test]
fn what_is_no_name_is_refused_before_anything_is_sent() {
    let (one, _other) = UnixStream::pair().unwrap();
    let error = connector().connect("not a name", one).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "invalid dns name");
}

#[eventlet::test]
fn the_first_protocol_of_the_server_that_the_client_offers_is_spoken() {
    type Case = (&'static [&'static str], &'static [&'static str], Option<&'static [u8]>);
    let cases: [Case; 4] = [
        (&["h2", "http/1.1"], &["http/1.1", "h2"], Some(b"http/1.1")),
        (&["h2", "http/1.1"], &["h2"], Some(b"h2")),
        (&["h2"], &[], None),
        (&[], &["h2"], None),
    ];
    for (offered, spoken, agreed) in cases {
        let (one, other) = UnixStream::pair().unwrap();
        let connector = client().alpn(offered.iter().copied()).build().unwrap();
        let acceptor = TlsAcceptor::builder(SERVER.certificate.clone(), SERVER.key.clone());
        let acceptor = acceptor.alpn(spoken.iter().copied()).build().unwrap();
        let (client, server) = (connector.wrap(NAME, one).unwrap(), acceptor.wrap(other).unwrap());
        agree(&client, &server);
        assert_eq!(client.alpn_protocol().as_deref(), agreed);
        assert_eq!(server.alpn_protocol().as_deref(), agreed);
    }
}

#[eventlet::test]
fn with_no_protocol_in_common_nobody_speaks() {
    let connector = client().alpn(["spdy/3"]).build().unwrap();
    let acceptor = TlsAcceptor::builder(SERVER.certificate.clone(), SERVER.key.clone());
    let acceptor = acceptor.alpn(["h2"]).build().unwrap();
    let (at_client, at_server) = refused(&connector, NAME, &acceptor);
    assert_eq!(
        protocol_error(&at_client),
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)
    );
    assert_eq!(protocol_error(&at_server), rustls::Error::NoApplicationProtocol);
}

/// A server that asks its clients for certificates.
fn asking() -> eventlet::tls::AcceptorBuilder {
    TlsAcceptor::builder(SERVER.certificate.clone(), SERVER.key.clone()).client_roots(AUTHORITY.pem.clone())
}

#[eventlet::test]
fn a_client_that_is_asked_shows_its_certificate() {
    let person = AUTHORITY.identity(&["person.test"]);
    let connector = client().identity(person.certificate.clone(), person.key).build().unwrap();
    for acceptor in [asking().build().unwrap(), asking().allow_anonymous().build().unwrap()] {
        let (one, other) = UnixStream::pair().unwrap();
        let (client, server) = (connector.wrap(NAME, one).unwrap(), acceptor.wrap(other).unwrap());
        agree(&client, &server);
        assert_eq!(server.peer_certificates().unwrap().len(), 1);
    }
}

#[eventlet::test]
fn a_client_without_a_certificate_is_refused_unless_it_need_not_have_one() {
    let (at_client, at_server) = refused(&connector(), NAME, &asking().build().unwrap());
    assert_eq!(
        protocol_error(&at_client),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired)
    );
    assert_eq!(protocol_error(&at_server), rustls::Error::NoCertificatesPresented);
    assert_eq!(at_server.to_string(), "peer sent no certificates");

    let (one, other) = UnixStream::pair().unwrap();
    let acceptor = asking().allow_anonymous().build().unwrap();
    let (client, server) = (connector().wrap(NAME, one).unwrap(), acceptor.wrap(other).unwrap());
    agree(&client, &server);
    assert_eq!(server.peer_certificates(), None);
}

#[eventlet::test]
fn a_client_whose_certificate_is_a_strangers_is_refused_even_if_it_need_not_have_one() {
    let stranger = Authority::new("a stranger").identity(&["person.test"]);
    let connector = client().identity(stranger.certificate, stranger.key).build().unwrap();
    let (_, at_server) = refused(&connector, NAME, &asking().allow_anonymous().build().unwrap());
    assert_eq!(
        protocol_error(&at_server),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    );
}

#[eventlet::test]
fn the_second_connection_to_a_server_resumes_the_first() {
    for version in [&version::TLS12, &version::TLS13] {
        let (connector, acceptor) = (connector_of(version), acceptor());
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (one, other) = UnixStream::pair().unwrap();
            let (client, server) = (connector.wrap(NAME, one).unwrap(), acceptor.wrap(other).unwrap());
            agree(&client, &server);
            // The tickets of TLS 1.3 come with what is read first.
            (&server).write_all(b"!").unwrap();
            (&client).read_exact(&mut [0; 1]).unwrap();
            assert_eq!(client.is_resumed(), server.is_resumed());
            seen.push(client.is_resumed());
        }
        assert_eq!(seen, [false, true, true], "{version:?}");
    }
}

#[eventlet::test]
fn a_peer_that_says_nothing_is_given_up_after_ten_seconds() {
    let (one, mut other) = UnixStream::pair().unwrap();
    let error = acceptor().accept(one).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "the TLS handshake took longer than 10s");
    assert_eq!(now(), Duration::from_secs(10));
    assert_eq!(other.read(&mut [0; 8]).unwrap(), 0);
}

#[eventlet::test]
fn a_peer_that_says_little_again_and_again_is_given_up_all_the_same() {
    let (one, mut other) = UnixStream::pair().unwrap();
    let dripping = spawn(
        #[green]
        move || {
            let mut pieces = 0;
            // A record of 16 KiB was announced.
            other.write_all(&[22, 3, 1, 64, 0]).unwrap();
            while other.write_all(&[1]).is_ok() {
                pieces += 1;
                sleep(1000 * MS);
            }
            pieces
        },
    );
    let acceptor = acceptor().handshake_timeout(Some(Duration::from_millis(5500)));
    let stream = acceptor.wrap(one).unwrap();
    for _ in 0..2 {
        let error = (&stream).read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.to_string(), "the TLS handshake took longer than 5.5s");
        assert_eq!(now(), Duration::from_millis(5500));
    }
    assert_eq!(dripping.wait(), 6);
}

#[eventlet::test]
fn without_a_limit_a_handshake_waits_for_ever() {
    let (one, _other) = UnixStream::pair().unwrap();
    let stream = acceptor().handshake_timeout(None).wrap(one).unwrap();
    let waited = with_timeout(Duration::from_secs(100_000), || stream.handshake());
    assert!(waited.is_err());
}

#[eventlet::test]
fn a_handshake_that_is_killed_goes_on_with_the_next_call() {
    let (client, server) = fresh();
    let (killed, at_work) = (client.try_clone().unwrap(), client.try_clone().unwrap());
    let first = spawn(
        #[green]
        move || killed.handshake(),
    );
    let second = spawn(
        #[green]
        move || at_work.handshake(),
    );
    sleep(MS);
    // Whichever of the two the hub would wake.
    first.kill();
    let serving = spawn(
        #[green]
        move || {
            server.handshake()?;
            (&server).write_all(b"hi")
        },
    );
    second.wait().unwrap();
    serving.wait().unwrap();
    let mut got = [0; 2];
    (&client).read_exact(&mut got).unwrap();
    assert_eq!(&got, b"hi");
}

#[eventlet::test]
fn several_threads_may_wait_for_one_handshake() {
    let (client, server) = fresh();
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let client = client.try_clone().unwrap();
            spawn(
                #[green]
                move || client.handshake(),
            )
        })
        .collect();
    sleep(MS);
    server.handshake().unwrap();
    for thread in waiting {
        thread.wait().unwrap();
    }
    assert!(!client.is_handshaking());
}

#[eventlet::test]
fn a_peer_that_leaves_in_the_handshake_has_left() {
    let (client, server) = fresh();
    drop(server);
    let error = client.handshake().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "the connection ended during the TLS handshake");
}

#[eventlet::test]
fn settings_that_make_no_sense_are_refused_when_they_are_made() {
    let other = AUTHORITY.identity(&[NAME]);
    let cases = [
        (TlsAcceptor::new(&SERVER.certificate, &other.key), "keys may not be consistent: KeyMismatch"),
        (TlsAcceptor::new("", &other.key), "no certificate: the PEM has none"),
        (TlsAcceptor::new(&SERVER.certificate, ""), "no private key: no items found"),
    ];
    for (result, message) in cases {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, message.to_owned()));
    }
    let error = TlsConnector::builder().roots("no PEM").build().unwrap_err();
    assert_eq!(error.to_string(), "no certificate: the PEM has none");
}

#[eventlet::test]
fn mozillas_list_is_compiled_in() {
    let connector = TlsConnector::builder().bundled_roots().build().unwrap();
    let (one, other) = UnixStream::pair().unwrap();
    let (client, server) = (connector.wrap(NAME, one).unwrap(), acceptor().wrap(other).unwrap());
    let (at_client, _) = shake(&client, &server);
    // It does not know the authority of the tests.
    assert_eq!(
        protocol_error(&at_client.unwrap_err()),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    );
    let _ = pair();
}

/// Run anew, so that the environment is that of this test alone.
#[test]
fn the_systems_list_is_trusted_if_nothing_is_said_and_the_environment_names_another() {
    const TEST: &str =
        "handshake::the_systems_list_is_trusted_if_nothing_is_said_and_the_environment_names_another";

    #[green]
    fn scenario(is_trusted: bool) {
        for connector in [TlsConnector::new().unwrap(), client().native_roots().build().unwrap()] {
            let (one, other) = UnixStream::pair().unwrap();
            let (client, server) = (connector.wrap(NAME, one).unwrap(), acceptor().wrap(other).unwrap());
            let (at_client, _) = shake(&client, &server);
            assert_eq!(at_client.is_ok(), is_trusted, "{at_client:?}");
            // The second one trusts the authority of the tests in any case.
            if !is_trusted {
                let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
                assert_eq!(protocol_error(&at_client.unwrap_err()), unknown);
                break;
            }
        }
    }

    if let Some(whom) = std::env::var_os("EVENTLET_TRUSTS") {
        let is_trusted = whom == "the tests";
        // Each process has an authority of its own.
        let stranger = rcgen::generate_simple_self_signed(["stranger.test".to_owned()]).unwrap();
        let trusted = if is_trusted { AUTHORITY.pem.clone() } else { stranger.cert.pem() };
        std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), trusted).unwrap();
        return eventlet::run(move || scenario(is_trusted));
    }
    let file = std::env::temp_dir().join(format!("eventlet-roots-{}.pem", std::process::id()));
    for whom in ["the tests", "a stranger"] {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args([TEST, "--exact"]).env("EVENTLET_TRUSTS", whom).env("SSL_CERT_FILE", &file);
        let output = again.env_remove("SSL_CERT_DIR").output().unwrap();
        assert!(output.status.success(), "{whom}: {}", String::from_utf8_lossy(&output.stdout));
    }
    std::fs::remove_file(file).unwrap();
}

#[eventlet::test]
fn ring_computes_unless_the_feature_names_the_other_library() {
    let name = if cfg!(feature = "aws-lc-rs") { "AwsLcRs" } else { "Ring" };
    let (connector, acceptor) = (connector(), acceptor());
    for provider in [connector.config().crypto_provider(), acceptor.config().crypto_provider()] {
        assert_eq!(format!("{:?}", provider.key_provider), name);
    }
}
