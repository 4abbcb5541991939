//! The reasons why an encrypted backup cannot be decrypted.

/// The maximum work for a passphrase, as a power of two. A file that claims more is refused.
pub(super) const MAX_WORK_FACTOR: u8 = 20;

/// The memory for this work, in MiB. scrypt takes 1 KiB for each step.
const MAX_WORK_MIB: u64 = (1 << MAX_WORK_FACTOR) / 1024;

/// The reason why an encrypted backup cannot be decrypted.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The identity is missing.
    #[error("it is encrypted to recipients: name the file with the identity of one of them by --identity")]
    NoIdentity,
    /// The passphrase is missing.
    #[error("it is encrypted with a passphrase: name the file that has the passphrase by --passphrase-file")]
    NoPassphrase,
    /// The identities belong to other recipients.
    #[error("it is encrypted to other recipients than that of the given identity: name another file by --identity")]
    WrongIdentity,
    /// The passphrase is another one.
    #[error("it is encrypted with another passphrase than the given one")]
    WrongPassphrase,
    /// The passphrase needs too much work.
    #[error(
        "to try its passphrase needs more than {MAX_WORK_MIB} MiB of memory, which is refused: if you trust the file, \
         decrypt it by `age -d`"
    )]
    ExcessiveWork,
    /// The file is in text form.
    #[error("it is a file of age in its text form, which is not read: `age -d` decrypts it")]
    Armored,
}
