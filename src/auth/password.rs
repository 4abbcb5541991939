//! Password hashing: argon2id over the SHA-256 that clients may send instead of the password. Hashes by bcrypt come from
//! imports; they are verified, and never made.

use std::sync::Arc;
use std::thread;

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as ParsedHash, Salt as ParsedSalt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, TryAcquireError};
use tracing::error;

use super::{TokenSecret, random};
use crate::domain::password_hash::{PasswordHash, PasswordScheme};
use crate::domain::two_factor::Salt;
use crate::domain::{OwnWords, PasswordPolicy, RequestError};

/// The maximum number of logins for each core that are verified or wait; beyond it the server answers "overloaded".
const WAITING_PER_CORE: usize = 128;

/// The error for a full queue, which is usually shorter again after three seconds.
const OVERLOADED: RequestError = RequestError::Overloaded { retry_after: 3 };

/// The length of a password's salt in bytes (RFC 9106, §3.1).
const SALT_BYTES: usize = 16;

/// The number of 1 KiB blocks that are reserved for one hash, most of them unused. glibc returns memory of more than
/// 32 MiB to the system when it is freed, and keeps smaller pieces in every thread that computed a hash.
const RETURNED_BLOCKS: usize = 33 * 1024;

/// The lower-case hexadecimal SHA-256 of a password. Clients may send it instead of the password. The stored hash is
/// computed from it, so that logins with the password and with its digest are equal. `Debug` does not print it.
#[derive(Debug, Clone)]
pub struct PasswordDigest(SecretString);

impl PasswordDigest {
    /// Computes the digest of a password.
    #[must_use]
    pub fn of(password: &str) -> Self {
        Self(hex::encode(Sha256::digest(password)).into())
    }

    /// Returns the digest itself, for what seals it or sends it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Takes a digest that a client sends, with lower-case or upper-case digits.
    #[must_use]
    pub fn presented(digest: &str) -> Self {
        Self(digest.to_ascii_lowercase().into())
    }
}

/// The lowest cost that argon2 has.
const LOWEST: Params = match Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None) {
    Ok(params) => params,
    Err(_) => Params::DEFAULT,
};

/// The cost of new hashes of passwords. Each hash says its own cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HashCost {
    /// 19 MiB, two passes and one lane: the crate's default and OWASP's minimum.
    #[default]
    Strong,
    /// The lowest cost of argon2. Only tests use it, because they make many users: such a hash is easy to guess.
    Lowest,
}

impl HashCost {
    const fn params(self) -> Params {
        match self {
            Self::Strong => Params::DEFAULT,
            Self::Lowest => LOWEST,
        }
    }

    fn argon2(self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params())
    }

    /// Returns the hash that the passwords of unknown users are compared with, so that the check takes the same time. It
    /// has this cost, and no password matches it.
    fn hash_of_nobody(self) -> PasswordHash {
        let params = self.params();
        let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        PasswordHash::new(&format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}$AAAAAAAAAAAAAAAAAAAAAA\
             $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        ))
    }
}

/// A password that a caller wants to set. `Debug` does not print it.
#[derive(Debug, Clone)]
pub enum WantedPassword {
    /// A password in plain text, which must satisfy the policy.
    Chosen(SecretString),
    /// A random password that is not shown to any user. The policy does not apply to it.
    Random,
}

impl WantedPassword {
    /// Takes a password that a caller chose.
    #[must_use]
    pub fn chosen(password: impl Into<SecretString>) -> Self {
        Self::Chosen(password.into())
    }
}

/// Hashes and verifies passwords on blocking threads: at most one for each core at once, with a limited queue.
#[derive(Debug, Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
    most_at_once: usize,
    most_under_way: usize,
    cost: HashCost,
}

/// As many hashes at once as the machine has cores, and 128 for each core in progress or waiting.
impl Default for Passwords {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores, cores * WAITING_PER_CORE)
    }
}

impl Passwords {
    /// Creates a pool with a maximum of parallel hashes, and a maximum of hashes in progress or waiting.
    #[must_use]
    pub fn new(at_once: usize, under_way: usize) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            under_way: Arc::new(Semaphore::new(under_way)),
            most_at_once: at_once,
            most_under_way: under_way,
            cost: HashCost::default(),
        }
    }

    /// Returns a pool of the same size whose new hashes have this cost.
    #[must_use]
    pub fn with_cost(self, cost: HashCost) -> Self {
        Self { cost, ..self }
    }

    /// Returns the numbers of hashes that are computed now, and of those that wait.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        let running = self.most_at_once.saturating_sub(self.at_once.available_permits());
        let under_way = self.most_under_way.saturating_sub(self.under_way.available_permits());
        (running, under_way.saturating_sub(running))
    }

    /// Checks a wanted password against the policy and returns its digest. Scoring needs CPU time, so it waits in the
    /// same queue as hashing.
    ///
    /// # Errors
    /// Errors of [`PasswordPolicy::check`]; [`RequestError::Overloaded`] if the queue is full.
    pub async fn accept(
        &self,
        wanted: WantedPassword,
        policy: PasswordPolicy,
        own: OwnWords,
    ) -> Result<PasswordDigest, RequestError> {
        match wanted {
            WantedPassword::Random => Ok(PasswordDigest::of(TokenSecret::generate().expose())),
            WantedPassword::Chosen(password) => {
                let checked = move || {
                    let password = password.expose_secret();
                    policy.check(password, &own).map(|()| PasswordDigest::of(password))
                };
                self.run(checked).await?
            }
        }
    }

    /// Hashes a password for the store.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if the queue is full.
    pub async fn hash(&self, digest: PasswordDigest) -> Result<PasswordHash, RequestError> {
        let cost = self.cost;
        let hashed = self.run(move || hash(&digest, cost)).await?;
        hashed.map_err(|cause| {
            error!(%cause, "a password could not be hashed");
            OVERLOADED
        })
    }

    /// Returns whether a password matches a hash. Without a hash it returns false after the same time.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if the queue is full.
    pub async fn verify(&self, digest: PasswordDigest, against: Option<PasswordHash>) -> Result<bool, RequestError> {
        let cost = self.cost;
        self.run(move || {
            let known = against.is_some();
            verify(&digest, &against.unwrap_or_else(|| cost.hash_of_nobody())) && known
        })
        .await
    }

    /// Returns argon2id digests of backup codes, all with the same salt. Each digest waits for its own turn.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if the queue is full.
    pub async fn slow_digests(&self, inputs: &[[u8; 32]], salt: Salt) -> Result<Vec<[u8; 32]>, RequestError> {
        let mut digests = Vec::with_capacity(inputs.len());
        for input in inputs {
            let input = *input;
            let computed = self.run(move || slow_digest(&input, &salt)).await?;
            digests.push(computed.map_err(|cause| {
                error!(%cause, "a backup code could not be hashed");
                OVERLOADED
            })?);
        }
        Ok(digests)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, RequestError> {
        let _place = match self.under_way.try_acquire() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return Err(OVERLOADED),
        };
        let core = Arc::clone(&self.at_once).acquire_owned().await;
        let finished = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even if the caller disconnects earlier.
            let _core = core;
            work()
        });
        finished.await.map_err(|_| OVERLOADED)
    }
}

/// Hashes a password by argon2id.
fn hash(digest: &PasswordDigest, cost: HashCost) -> password_hash::Result<PasswordHash> {
    let argon2 = cost.argon2();
    let salt: [u8; SALT_BYTES] = random::bytes();
    let described = ParsedHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(ParsedSalt::new(&salt)?),
        hash: Some(output(&argon2, digest, &salt, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(PasswordHash::new(&described.to_string()))
}

/// Computes a digest with the cost [`HashCost::Strong`]: a digest does not say its own cost.
fn slow_digest(input: &[u8; 32], salt: &Salt) -> password_hash::Result<[u8; 32]> {
    let mut digest = [0; 32];
    fill(&HashCost::Strong.argon2(), input, salt, &mut digest)?;
    Ok(digest)
}

/// Returns whether a digest matches a hash, with the parameters of the hash.
fn verify(digest: &PasswordDigest, against: &PasswordHash) -> bool {
    match against.scheme() {
        PasswordScheme::Argon2id => verify_argon2(digest, against),
        // The crate compares in constant time. An import has bounded the cost.
        PasswordScheme::Bcrypt => bcrypt::verify(digest.expose(), &against.expose()).unwrap_or(false),
    }
}

fn verify_argon2(digest: &PasswordDigest, against: &PasswordHash) -> bool {
    let same = || -> password_hash::Result<bool> {
        let text = against.expose();
        let parsed = ParsedHash::new(&text)?;
        let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else {
            return Ok(false);
        };
        let algorithm = Algorithm::try_from(parsed.algorithm.as_str())?;
        let version = parsed.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&parsed)?);
        // `Output` compares in constant time.
        Ok(output(&argon2, digest, salt, expected.len())? == *expected)
    };
    same().unwrap_or(false)
}

/// Returns the argon2 output for a digest and a salt.
fn output(argon2: &Argon2<'_>, digest: &PasswordDigest, salt: &[u8], length: usize) -> password_hash::Result<Output> {
    let mut bytes = vec![0; length];
    fill(argon2, digest.expose().as_bytes(), salt, &mut bytes)?;
    Ok(Output::new(&bytes)?)
}

/// Fills `bytes` with the argon2 output for an input and a salt.
fn fill(argon2: &Argon2<'_>, input: &[u8], salt: &[u8], bytes: &mut [u8]) -> password_hash::Result<()> {
    let needed = argon2.params().block_count();
    let mut memory = Vec::with_capacity(needed.max(RETURNED_BLOCKS));
    memory.resize(needed, Block::default());
    argon2.hash_password_into_with_memory(input, salt, bytes, &mut memory)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_lower_case_hexadecimal_sha256() {
        let digest = PasswordDigest::of("secret");
        let known = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert_eq!(digest.expose(), known);
        assert_eq!(PasswordDigest::presented(&known.to_uppercase()).expose(), known);
    }

    #[test]
    fn a_hash_is_argon2id_of_owasp_strength_and_verifies_only_its_password() {
        let secret = PasswordDigest::of("secret");
        let hash = hash(&secret, HashCost::default()).expect("a hash");
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&secret, &hash));
        assert!(!verify(&PasswordDigest::of("Secret"), &hash));
        assert!(!verify(&secret, &PasswordHash::new("no hash")));
    }

    #[test]
    fn nobodys_hash_is_as_hard_as_a_new_one_and_no_password_has_it() {
        let secret = PasswordDigest::of("secret");
        for cost in [HashCost::Strong, HashCost::Lowest] {
            let (nobody, new) = (cost.hash_of_nobody(), hash(&secret, cost).expect("a hash"));
            let strength = |hash: &PasswordHash| hash.expose().rsplitn(3, '$').last().map(str::to_owned);
            assert_eq!(strength(&nobody), strength(&new));
            let expected = match cost {
                HashCost::Strong => "$argon2id$v=19$m=19456,t=2,p=1",
                HashCost::Lowest => "$argon2id$v=19$m=8,t=1,p=1",
            };
            assert_eq!(strength(&new).as_deref(), Some(expected));
            assert!(verify(&secret, &new));
            assert!(!verify(&secret, &nobody));
            let parsed = |hash: &PasswordHash| {
                let parsed = ParsedHash::new(&hash.expose()).expect("a hash");
                (parsed.hash.map(|hash| hash.len()), parsed.salt.map(|salt| salt.len()))
            };
            assert_eq!(parsed(&nobody), parsed(&new));
        }
    }
}
