//! The address of a store that several servers share.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use hyper::http::uri::Authority;
use secrecy::SecretString;

use super::ConfigError;
use super::values::StartValues;

/// The error of a binary that cannot use such a store.
const WITHOUT: &str = "needs a rollcall with etcd: build one, with protoc installed, by `cargo build --release --features \
                       etcd`";

/// The scheme of the address.
const SCHEME: &str = "etcd://";

/// The port of a node, if the address has none.
const PORT: u16 = 2379;

/// Maximum characters of the name of a store.
const MAX_NAME: usize = 64;

/// The address of a store in a cluster: `etcd://NODE[:PORT],NODE[:PORT],…/NAME`.
#[derive(Debug, Clone)]
pub struct ClusterAddress {
    /// The nodes, each as `HOST:PORT`; at least one.
    pub endpoints: Vec<String>,
    /// The name of the store. Stores with other names in the same cluster have nothing in common with it.
    pub name: String,
    /// What proves the nodes to the server, and the server to the nodes.
    pub security: ClusterSecurity,
}

/// What proves the nodes of a cluster to the server, and the server to the nodes.
#[derive(Debug, Clone, Default)]
pub struct ClusterSecurity {
    /// The certificate in PEM that has signed those of the nodes; `None` speaks without TLS.
    pub ca: Option<PathBuf>,
    /// The server's own certificate in PEM, and its key; `None` shows none.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The user of the cluster, and the password; `None` names no user.
    pub user: Option<(String, SecretString)>,
}

impl ClusterAddress {
    /// Parses the settings of a configuration. Returns `None` if the store is in the data folder.
    pub(super) fn of(from: &StartValues<'_>) -> Result<Option<Self>, ConfigError> {
        let security = ClusterSecurity::of(from)?;
        let address = from.optional("store", str::parse::<Self>)?;
        Ok(address.map(|address| Self { security, ..address }))
    }
}

impl ClusterSecurity {
    /// Parses the settings of a configuration.
    pub(super) fn of(from: &StartValues<'_>) -> Result<Self, ConfigError> {
        let path = |name| from.text(name).map(PathBuf::from);
        let pair = from.pair("store_cert", "store_key")?;
        let identity = pair.map(|(certificate, key)| (certificate.into(), key.into()));
        let ca = path("store_ca");
        if identity.is_some() && ca.is_none() {
            return Err(ConfigError::Incomplete {
                given: "store_cert",
                missing: "store_ca",
            });
        }
        let user = from.pair("store_user", "store_password")?;
        Ok(Self {
            ca,
            identity,
            user: user.map(|(user, password)| (user, password.into())),
        })
    }
}

impl FromStr for ClusterAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !cfg!(feature = "etcd") {
            return Err(WITHOUT.into());
        }
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| format!("is not {SCHEME}NODE:PORT,NODE:PORT/NAME"))?;
        let (nodes, name) = rest.split_once('/').unwrap_or((rest, ""));
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_allowed) {
            return Err(format!(
                "has no name of a store after its nodes, such as {SCHEME}n1,n2,n3/acme: 1 to {MAX_NAME} letters, digits, \
                 hyphens, dots and underscores"
            ));
        }
        let endpoints = nodes.split(',').map(endpoint).collect::<Result<_, _>>()?;
        Ok(Self {
            endpoints,
            name: name.to_owned(),
            security: ClusterSecurity::default(),
        })
    }
}

/// Returns a node as `HOST:PORT`.
fn endpoint(node: &str) -> Result<String, String> {
    let unreadable = || format!("names {node:?}, which is not a node: HOST or HOST:PORT");
    let authority: Authority = node.parse().map_err(|_| unreadable())?;
    if authority.host().is_empty() || node.contains('@') {
        return Err(unreadable());
    }
    let port = match authority.port_u16() {
        Some(port) => port,
        None if node == authority.host() => PORT,
        None => return Err(unreadable()),
    };
    Ok(format!("{}:{port}", authority.host()))
}

impl fmt::Display for ClusterAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{SCHEME}{}/{}", self.endpoints.join(","), self.name)
    }
}

/// The place of a store: a data folder, or a cluster.
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// The path of a data folder.
    Folder(PathBuf),
    /// The address of a store in a cluster.
    Cluster(ClusterAddress),
}

impl FromStr for StorePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            let address = text.parse();
            return address
                .map(Self::Cluster)
                .map_err(|reason: String| format!("{text} {reason}"));
        }
        Ok(Self::Folder(text.into()))
    }
}

impl StorePlace {
    /// Adds the certificates and the user for a cluster.
    #[must_use]
    pub fn secured_by(mut self, security: &ClusterSecurity) -> Self {
        if let Self::Cluster(address) = &mut self {
            address.security = security.clone();
        }
        self
    }
}

impl fmt::Display for StorePlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(out),
            Self::Cluster(address) => address.fmt(out),
        }
    }
}

#[cfg(all(test, feature = "etcd"))]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_nodes_and_the_name_of_a_store() {
        let parsed: ClusterAddress = "etcd://n1,10.0.0.2:2380,[::1]/acme-1".parse().expect("an address");
        assert_eq!(parsed.endpoints, ["n1:2379", "10.0.0.2:2380", "[::1]:2379"]);
        assert_eq!(parsed.to_string(), "etcd://n1:2379,10.0.0.2:2380,[::1]:2379/acme-1");
        for (text, reason) in [
            ("postgres://n1/acme", "is not etcd://"),
            ("etcd://n1", "has no name"),
            ("etcd://n1/", "has no name"),
            ("etcd://n1/a/b", "has no name"),
            ("etcd://n1,/acme", "\"\", which is not a node"),
            ("etcd://u:p@n1/acme", "which is not a node"),
            ("etcd://n1:99999/acme", "which is not a node"),
        ] {
            let error = text.parse::<ClusterAddress>().expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
