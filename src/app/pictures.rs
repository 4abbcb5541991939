//! Decoding of uploaded pictures on blocking threads, with limits for parallel work, a short queue, and fair turns of
//! users and addresses.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::account_key::AccountKey;
use super::rendered::{Rendered, RenderedKey};
use super::turns::{QueueFull, TurnLimits, TurnRoom, Turns};
use crate::domain::picture::{CleanPicture, NotAPicture, PictureRule};
use crate::domain::{RequestError, SourceAddress, UserId};

/// The maximum number of pictures that are decoded at once; each may need 150 MiB of memory.
const DECODED_AT_ONCE: usize = 2;

/// The maximum number of pictures that are decoded or wait for it.
const UNDER_WAY: usize = 10;

/// The maximum number of pictures of one user in [`UNDER_WAY`], and of those that wait for a turn.
const OF_USER: TurnRoom = TurnRoom { at_once: 1, waiting: 2 };

/// The maximum number of pictures from one address, of all its users.
const OF_ADDRESS: TurnRoom = TurnRoom { at_once: 2, waiting: 8 };

/// The maximum number of pictures that are drawn in another form, or wait for it. Uploads have places of their own.
const DRAWINGS_UNDER_WAY: usize = 16;

/// The seconds after which a client may try again if there was no room.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The decoder of pictures. Cloning is cheap; all clones share the limits.
#[derive(Clone)]
pub struct Pictures {
    turns: Arc<Turns>,
    at_once: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
    drawings: Arc<Semaphore>,
    rendered: Arc<Rendered>,
}

/// The sender of a picture, for the limits.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The user who sends it.
    pub user: UserId,
    /// The address of the client, if it is known.
    pub address: Option<SourceAddress>,
}

/// The fixed limits for turns of pictures.
struct Fixed;

impl TurnLimits for Fixed {
    fn of_account(&self, _: &AccountKey) -> TurnRoom {
        OF_USER
    }

    fn of_source(&self, _: Option<SourceAddress>) -> TurnRoom {
        OF_ADDRESS
    }
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            turns: Turns::new(Fixed),
            at_once: Arc::new(Semaphore::new(DECODED_AT_ONCE)),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
            drawings: Arc::new(Semaphore::new(DRAWINGS_UNDER_WAY)),
            rendered: Arc::default(),
        }
    }
}

impl Pictures {
    /// Decodes an uploaded picture and encodes it again. Without a sender, the work of the server itself, no
    /// turn is needed.
    ///
    /// # Errors
    /// [`RequestError::FileTypeInvalid`] for a file of an unsupported format, [`RequestError::AvatarInvalid`] for a picture that is
    /// damaged or exceeds the limits, [`RequestError::TooManyRequests`] if too many pictures of the sender are waiting,
    /// [`RequestError::Overloaded`] if too many pictures of all senders are waiting.
    pub async fn clean(
        &self,
        bytes: Vec<u8>,
        rule: PictureRule,
        sender: Option<Sender>,
    ) -> Result<CleanPicture, RequestError> {
        let turn = match sender {
            Some(sender) => Some(self.take_turn(sender).await?),
            None => None,
        };
        self.encode(turn, move || CleanPicture::of(&bytes, rule)).await
    }

    /// Takes a picture of an import: as it is, if a server of this kind encoded it, or else encoded again.
    ///
    /// # Errors
    /// The errors of [`Self::clean`] without a sender.
    pub async fn adopt(&self, bytes: Vec<u8>, rule: PictureRule) -> Result<CleanPicture, RequestError> {
        self.encode(None, move || match CleanPicture::as_it_is(&bytes, rule) {
            Some(picture) => Ok(picture),
            None => CleanPicture::of(&bytes, rule),
        })
        .await
    }

    async fn encode(
        &self,
        turn: Option<super::Turn>,
        work: impl FnOnce() -> Result<CleanPicture, NotAPicture> + Send + 'static,
    ) -> Result<CleanPicture, RequestError> {
        let places = self.take_places(&self.under_way).await?;
        let cleaned = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even if the client disconnects earlier.
            let _held = (turn, places);
            work()
        });
        // If a decoder panics, the file is refused.
        cleaned.await.map_or(Err(RequestError::AvatarInvalid), |cleaned| {
            cleaned.map_err(|problem| match problem {
                NotAPicture::Kind => RequestError::FileTypeInvalid,
                NotAPicture::Content => RequestError::AvatarInvalid,
            })
        })
    }

    /// Returns a picture that was drawn in this form before.
    #[must_use]
    pub fn drawn(&self, key: &RenderedKey) -> Option<Bytes> {
        self.rendered.get(key)
    }

    /// Draws a picture off the async threads, with the places of uploads, and adds it to the cache.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] when too many drawings wait already, [`RequestError::AvatarInvalid`] when the work fails.
    pub async fn draw(
        &self,
        key: RenderedKey,
        work: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Bytes, RequestError> {
        let places = self.take_places(&self.drawings).await?;
        if let Some(picture) = self.rendered.get(&key) {
            return Ok(picture);
        }
        let drawn = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even if the client disconnects earlier.
            let _held = places;
            work()
        });
        // If a decoder panics, the picture is refused.
        let picture = drawn
            .await
            .ok()
            .flatten()
            .map(Bytes::from)
            .ok_or(RequestError::AvatarInvalid)?;
        self.rendered.keep(&key, &picture);
        Ok(picture)
    }

    /// Takes a place among those of `room`, and waits for one of those that are worked on at once.
    async fn take_places(&self, room: &Arc<Semaphore>) -> Result<[OwnedSemaphorePermit; 2], RequestError> {
        let overloaded = || RequestError::Overloaded {
            retry_after: RETRY_AFTER_SECONDS,
        };
        let place = Arc::clone(room).try_acquire_owned().map_err(|_| overloaded())?;
        let permit = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(|_| overloaded())?;
        Ok([place, permit])
    }

    async fn take_turn(&self, sender: Sender) -> Result<super::Turn, RequestError> {
        let turn = self.turns.take(Some(AccountKey::Known(sender.user)), sender.address);
        turn.await.map_err(|QueueFull| RequestError::TooManyRequests {
            seconds: RETRY_AFTER_SECONDS.into(),
        })
    }
}
