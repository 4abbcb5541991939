//! The session of one client on its socket: handles the client's messages in order, and answers them.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::close_reason::CloseReason;
use super::encode;
use super::framing::Framing;
use super::listening::Viewer;
use super::login::Login;
use super::message::{self, BadMessage, Message};
use super::outbox::Outbox;
use super::socket::Socket;
use super::socket_registry::RegisteredSocket;
use super::socket_server::{Closing, SocketServer};
use super::stream::Stream;
use super::subscriber::Subscriber;
use super::subscriptions::Taken;
use crate::auth::{Origin, random};
use crate::domain::RequestError;
use crate::methods::{self, Context, LoginChange, MethodAnswer, MethodError, message as method_message};
use crate::net::SharedWire;
use crate::observe::Opened;
use crate::ops::login::LoggedIn;

/// The supported versions of DDP, which this server treats as equal.
const VERSIONS: [&str; 3] = ["1", "pre2", "pre1"];

/// The session of one client on its socket.
pub(super) struct SocketSession {
    socket_server: Arc<SocketServer>,
    origin: Origin,
    seat: RegisteredSocket,
    socket: Socket,
    subscriber: Arc<Subscriber>,
    closing: watch::Receiver<Closing>,
    /// `true` after the client has sent `connect`.
    connected: bool,
    login: Option<Login>,
    /// The time of the client's last frame.
    heard: Instant,
    /// `true` if a ping was sent since the last frame.
    asked: bool,
    /// The count of this socket in the metrics.
    _opened: Opened,
}

impl SocketSession {
    /// Creates the session on a stream after the handshake. `read` contains the bytes after the handshake that
    /// were already read.
    pub(super) fn new(
        socket_server: Arc<SocketServer>,
        origin: Origin,
        mut seat: RegisteredSocket,
        wire: SharedWire,
        read: &Bytes,
        framing: Framing,
    ) -> Self {
        let outbox = Arc::new(Outbox::new(wire));
        let subscriber = Arc::new(Subscriber::new(Arc::clone(&outbox), framing));
        seat.seat(Arc::clone(&subscriber));
        for frame in framing.greeting() {
            outbox.hold(frame);
        }
        Self {
            socket: Socket::new(outbox, read, framing),
            closing: socket_server.closing(),
            _opened: socket_server.app.metrics.readings.open_socket(),
            socket_server,
            origin,
            seat,
            subscriber,
            connected: false,
            login: None,
            heard: Instant::now(),
            asked: false,
        }
    }

    /// Serves the client until the socket ends.
    pub(super) async fn run(&mut self) {
        let Err(end) = self.listen().await;
        debug!(?end, address = ?self.origin.address, "a socket ends");
        // Before the close handshake, which may take a while.
        self.seat.leave();
        if let Some(login) = self.login.take() {
            login.lose(&self.socket_server.app);
        }
        self.socket.close(end, self.socket_server.timing.send).await;
    }

    /// Handles the client's messages until the socket must end; returns the reason.
    async fn listen(&mut self) -> Result<Infallible, CloseReason> {
        let subscriber = Arc::clone(&self.subscriber);
        let mut sending = pin!(subscriber.outbox.serve(self.socket_server.timing.send));
        let mut closing = self.closing.clone();
        // The cluster may have been lost while the socket began, and then nothing would close it.
        if !self.socket_server.app.store.is_current() {
            return Err(CloseReason::Elsewhere);
        }
        let begun = *closing.borrow();
        let mut closed = pin!(async move {
            match closing
                .wait_for(|closing| *closing != begun || closing.is_stopping)
                .await
            {
                Ok(closing) if !closing.is_stopping => CloseReason::Elsewhere,
                _ => CloseReason::Stopping,
            }
        });
        let mut silence = pin!(sleep_until(self.heard + self.socket_server.timing.heartbeat));
        loop {
            tokio::select! {
                // A received frame must count before the silence that it ends.
                biased;
                reason = &mut closed => return Err(reason),
                end = &mut sending => return Err(end),
                received = self.socket.receive() => {
                    let messages = received?;
                    self.heard = Instant::now();
                    self.asked = false;
                    self.seat.touch();
                    for text in messages {
                        // The future is boxed, so that an idle socket does not reserve the memory that a call needs.
                        let id = self.socket_server.app.request_ids.make();
                        Box::pin(id.scope(self.hear(&text))).await?;
                        // A frame may contain thousands of messages. A client that does not read the answers gets no
                        // more of them, and other tasks get their turn in between.
                        if let Some(end) = self.subscriber.outbox.end() {
                            return Err(end);
                        }
                        consume_budget().await;
                    }
                }
                () = subscriber.login_ended() => self.renew_login(),
                () = &mut silence => {
                    let next = self.ask()?;
                    silence.as_mut().reset(next);
                }
            }
            self.subscriber.outbox.release();
        }
    }

    fn say(&self, message: &Value) {
        self.subscriber.say(message);
    }

    /// Sends a ping to a client that was silent for too long; returns the time of the next check.
    fn ask(&mut self) -> Result<Instant, CloseReason> {
        let heartbeat = self.socket_server.timing.heartbeat;
        if self.heard.elapsed() < heartbeat {
            return Ok(self.heard + heartbeat);
        }
        if self.asked {
            return Err(CloseReason::Silent);
        }
        self.asked = true;
        self.say(&message::ping());
        Ok(Instant::now() + heartbeat)
    }

    /// Handles one message of the client.
    async fn hear(&mut self, text: &str) -> Result<(), CloseReason> {
        let heard = match Message::parse(text) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(()),
            Err(bad) => {
                self.say(&bad.to_json());
                return Ok(());
            }
        };
        match heard {
            Message::Connect { version } => return self.connect(&version, text),
            Message::Ping { id } => self.say(&message::pong(id)),
            Message::Pong => {}
            _ if !self.connected => self.say(&BadMessage::of("Must connect first", text).to_json()),
            Message::Method { id, name, params } => self.call(&id, &name, params).await,
            Message::Sub { id, name, params } => self.subscribe(&id, &name, &params),
            Message::Unsub { id } => {
                let mut listening = self.subscriber.listening();
                listening.subscriptions.remove(&id);
                self.say(&message::nosub(&id, None));
            }
        }
        Ok(())
    }

    fn connect(&mut self, version: &str, text: &str) -> Result<(), CloseReason> {
        if self.connected {
            self.say(&BadMessage::of("Already connected", text).to_json());
            return Ok(());
        }
        if !VERSIONS.contains(&version) {
            self.say(&message::failed());
            return Err(CloseReason::Protocol);
        }
        self.connected = true;
        let name = format!("{:016x}", u64::from_be_bytes(random::bytes()));
        self.say(&message::connected(&name));
        Ok(())
    }

    async fn call(&mut self, id: &str, name: &str, params: Vec<Value>) {
        self.renew_login();
        let context = Context {
            app: &self.socket_server.app,
            caller: self.login.as_ref().map(|login| &login.caller),
            origin: &self.origin,
            socket: Some(self.seat.number),
            connection: self.login.as_ref().and_then(Login::connection),
            code: None,
        };
        let mut outcome = methods::call(context, name, params).await;
        if let Ok(MethodAnswer {
            login: Some(change), ..
        }) = &outcome
            && let Err(error) = self.change_login(change).await
        {
            outcome = Err(MethodError::of(error, "login"));
        }
        self.say(&method_message::answer(&json!(id), &outcome));
        self.say(&message::updated(id));
    }

    async fn change_login(&mut self, change: &LoginChange) -> Result<(), RequestError> {
        match change {
            LoginChange::Begun(begun) => self.begin_login(begun).await,
            LoginChange::Ended => {
                self.end_login();
                Ok(())
            }
        }
    }

    /// Sets the socket's login, and sends the user's document before the client receives the result of the login.
    async fn begin_login(&mut self, begun: &LoggedIn) -> Result<(), RequestError> {
        let app = &self.socket_server.app;
        let mut login = Login::begin(app, &self.origin, begun).await?;
        let id = &begun.user.id;
        if self.login.as_ref().is_some_and(|login| !login.is(id)) {
            self.end_login();
        }
        let told = if self.login.is_some() {
            message::changed
        } else {
            message::added
        };
        let mut listening = self.subscriber.listening();
        listening.viewer = Some(Viewer::of(&login.caller));
        // Check again now: only sockets with a viewer are notified of a removed token, so an earlier
        // removal was missed.
        if !login.renew(&self.socket_server.app) {
            listening.viewer = self.login.as_ref().map(|before| Viewer::of(&before.caller));
            return Err(RequestError::ResumeRefused);
        }
        self.seat.log_in();
        self.subscriber.outbox.set_logged_in(true);
        let document = login.document(&self.socket_server.app);
        self.subscriber.say(&told("users", id.as_str(), &document));
        drop(listening);
        self.login = Some(login);
        Ok(())
    }

    /// Ends the login on this socket, and restores the limits of a socket without one.
    fn end_login(&mut self) {
        let Some(login) = self.login.take() else {
            return;
        };
        let mut listening = self.subscriber.listening();
        listening.viewer = None;
        for id in listening.subscriptions.end_login() {
            self.say(&message::nosub(&id, None));
        }
        self.say(&message::removed("users", login.caller.user.id.as_str()));
        drop(listening);
        self.subscriber.outbox.set_logged_in(false);
        self.seat.log_out(self.socket_server.most());
    }

    /// Reads the login from the store again, so that its rights are current; ends it if it is not valid any more.
    fn renew_login(&mut self) {
        let Some(login) = &mut self.login else {
            return;
        };
        if login.renew(&self.socket_server.app) {
            return;
        }
        let event = format!("{}/force_logout", login.caller.user.id);
        let listening = self.subscriber.listening();
        let hears = listening.subscriptions.hears(Stream::NotifyUser, &event);
        drop(listening);
        if hears {
            self.say(&encode::event(Stream::NotifyUser, &event, &json!([])));
        }
        self.end_login();
    }

    fn subscribe(&mut self, id: &str, name: &str, params: &[Value]) {
        self.renew_login();
        let caller = self.login.as_ref().map(|login| &login.caller);
        let mut listening = self.subscriber.listening();
        match listening.subscriptions.add(caller, id, name, params) {
            Ok(Taken::Ready(document)) => {
                if let Some(document) = document {
                    self.say(&document);
                }
                self.say(&message::ready(id));
            }
            Ok(Taken::Over) => self.say(&message::nosub(id, None)),
            Err(refusal) => self.say(&message::nosub(id, Some(refusal.to_json()))),
        }
    }
}
