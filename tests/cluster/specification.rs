//! The rules of each kind of object, as one caller alone would see it.

use todc_utils::specifications::Specification;

/// An operation on one name, which at most one custom status has at a time. Each creation has a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOperation {
    /// The status with this number was created.
    Created(u32),
    /// The status with this number was deleted.
    Deleted(u32),
    /// The outcome of this creation is unknown.
    MaybeCreated(u32),
    /// The outcome of this deletion is unknown.
    MaybeDeleted(u32),
    /// A list had the status with this number, or none.
    Listed(Option<u32>),
}

/// The rules of a name: one status at a time, each of which is created once and deleted once.
pub struct NameRules;

impl Specification for NameRules {
    type State = Option<u32>;
    type Operation = NameOperation;

    fn init() -> Self::State {
        None
    }

    fn apply(operation: &NameOperation, state: &Self::State) -> (bool, Self::State) {
        match (*operation, *state) {
            (NameOperation::Created(number) | NameOperation::MaybeCreated(number), None) => (true, Some(number)),
            (NameOperation::Deleted(number) | NameOperation::MaybeDeleted(number), Some(there)) if there == number => {
                (true, None)
            }
            // A call of unknown outcome that finds another state is refused, which changes nothing.
            (NameOperation::MaybeCreated(_) | NameOperation::MaybeDeleted(_), state) => (true, state),
            (NameOperation::Listed(listed), state) => (listed == state, state),
            (NameOperation::Created(_) | NameOperation::Deleted(_), state) => (false, state),
        }
    }
}

/// An operation on a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterOperation {
    /// The value was written, or the outcome of that is unknown: then it may come after all reads.
    Wrote(u32),
    /// The value was read.
    Read(u32),
}

/// The value of a new register.
pub const INITIAL: u32 = 1;

/// The rules of a register: a read returns what was written last.
pub struct RegisterRules;

impl Specification for RegisterRules {
    type State = u32;
    type Operation = RegisterOperation;

    fn init() -> u32 {
        INITIAL
    }

    fn apply(operation: &RegisterOperation, state: &u32) -> (bool, u32) {
        match *operation {
            RegisterOperation::Wrote(value) => (true, value),
            RegisterOperation::Read(value) => (value == *state, *state),
        }
    }
}
