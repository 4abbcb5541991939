//! Decoding uploaded pictures: off the async threads, a few at once, a short queue behind them, and fair turns
//! before it.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::attempts::AccountKey;
use super::turns::{Limits, QueueFull, Room, Turns};
use crate::domain::picture::{CleanPicture, NotAPicture, PictureRule};
use crate::domain::{Fault, SourceAddress, UserId};

/// Pictures that are decoded at once: each may take 150 MiB of memory.
const AT_ONCE: usize = 2;

/// Pictures that are decoded or wait for it.
const UNDER_WAY: usize = 10;

/// Pictures of one user: how many have a place among [`UNDER_WAY`], and how many more wait for one.
const OF_USER: Room = Room { at_once: 1, waiting: 2 };

/// Pictures from one address, of all its users.
const OF_ADDRESS: Room = Room { at_once: 2, waiting: 8 };

/// Seconds after which a client whose picture found no room may send it again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The place where pictures are decoded. Cloning is cheap; all clones share the limits.
#[derive(Clone)]
pub struct Pictures {
    turns: Arc<Turns>,
    at_once: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
}

/// The user who sends a picture, and the address that it comes from, where it is known.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The user.
    pub user: UserId,
    /// The address.
    pub address: Option<SourceAddress>,
}

/// The limits of pictures.
struct Fixed;

impl Limits for Fixed {
    fn of_account(&self, _: &AccountKey) -> Room {
        OF_USER
    }

    fn of_source(&self, _: Option<SourceAddress>) -> Room {
        OF_ADDRESS
    }
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            turns: Turns::new(Fixed),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
        }
    }
}

impl Pictures {
    /// Decodes an uploaded picture and encodes it again. The server itself, which sends no picture, waits for no turn.
    ///
    /// # Errors
    /// [`Fault::FileTypeInvalid`] for a file that is not of a known kind, [`Fault::AvatarInvalid`] for a picture that
    /// is damaged or beyond the limits, [`Fault::TooManyRequests`] when too many pictures of the sender wait already, [`Fault::Overloaded`] when too many of all senders do.
    pub async fn clean(
        &self,
        bytes: Vec<u8>,
        rule: PictureRule,
        sender: Option<Sender>,
    ) -> Result<CleanPicture, Fault> {
        let overloaded = || Fault::Overloaded {
            retry_after: RETRY_AFTER_SECONDS,
        };
        let turn = match sender {
            Some(sender) => Some(self.take_turn(sender).await?),
            None => None,
        };
        let place = Arc::clone(&self.under_way)
            .try_acquire_owned()
            .map_err(|_| overloaded())?;
        let permit = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(|_| overloaded())?;
        let cleaned = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, also when the client leaves before that.
            let _held = (turn, place, permit);
            CleanPicture::of(&bytes, rule)
        });
        // A panic of a decoder is the fault of the file.
        cleaned.await.map_or(Err(Fault::AvatarInvalid), |cleaned| {
            cleaned.map_err(|problem| match problem {
                NotAPicture::Kind => Fault::FileTypeInvalid,
                NotAPicture::Content => Fault::AvatarInvalid,
            })
        })
    }

    async fn take_turn(&self, sender: Sender) -> Result<super::Turn, Fault> {
        let turn = self.turns.take(Some(AccountKey::Known(sender.user)), sender.address);
        turn.await.map_err(|QueueFull| Fault::TooManyRequests {
            seconds: RETRY_AFTER_SECONDS.into(),
        })
    }
}
