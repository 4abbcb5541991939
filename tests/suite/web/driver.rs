//! A browser, driven as the W3C's `WebDriver` protocol has it, which chromedriver speaks.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Client};

/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Browser {
    driver: Child,
    client: Client,
    session: String,
    profile: TempDir,
}

impl Browser {
    pub async fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let stdout = BufReader::new(driver.stdout.take().expect("a pipe"));
        let started = "started successfully on port ";
        let port = stdout
            .lines()
            .map(|line| line.expect("a line"))
            .find_map(|line| Some(line.split_once(started)?.1.trim_end_matches('.').to_owned()))
            .expect("chromedriver says its port");
        let address: SocketAddr = format!("127.0.0.1:{port}").parse().expect("an address");
        let mut browser = Self {
            driver,
            client: Client::new(address),
            session: String::new(),
            profile: tempfile::tempdir().expect("a temporary folder"),
        };
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=900,900".to_owned(),
            format!("--user-data-dir={}", browser.profile.path().display()),
        ];
        let options = json!({
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let begun = browser
            .ask("POST", "/session", &json!({"capabilities": {"alwaysMatch": options}}))
            .await;
        browser.session += begun["sessionId"].as_str().expect("a session");
        browser
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        self.client.send(method, path, &json, body).await
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.send(method, path, body).await.expect(200)["value"].clone()
    }

    async fn in_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
            .await
    }

    pub async fn open(&self, url: &str) {
        self.in_session("POST", "/url", &json!({"url": url})).await;
    }

    /// Presses the browser's button "Back".
    pub async fn back(&self) {
        self.in_session("POST", "/back", &json!({})).await;
    }

    /// Puts a cookie of a server into the browser, which must show a page of the server.
    pub async fn set_cookie(&self, name: &str, value: &str) {
        let cookie = json!({"cookie": {"name": name, "value": value, "path": "/", "httpOnly": true}});
        self.in_session("POST", "/cookie", &cookie).await;
    }

    /// Sends a command of the Chrome `DevTools` Protocol.
    pub async fn command(&self, cmd: &str, params: Value) -> Value {
        let body = json!({"cmd": cmd, "params": params});
        self.in_session("POST", "/goog/cdp/execute", &body).await
    }

    /// Returns the seconds of the processor for which the page has run scripts. The time in which other programs had the
    /// processor is not counted.
    pub async fn script_seconds(&self) -> f64 {
        self.command("Performance.enable", json!({"timeDomain": "threadTicks"}))
            .await;
        let metrics = self.command("Performance.getMetrics", json!({})).await;
        let metrics = metrics["metrics"].as_array().expect("metrics").iter();
        let mut scripts = metrics.filter(|metric| metric["name"] == "ScriptDuration");
        scripts.next().expect("a metric")["value"].as_f64().expect("a number")
    }

    async fn find(&self, selector: &str) -> String {
        let body = json!({"using": "css selector", "value": selector});
        let found = self.in_session("POST", "/element", &body).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    /// Does something with an element. The page may replace the element after it was found. Then the browser says so and
    /// does nothing, and the new element is found.
    async fn in_element(&self, selector: &str, action: &str, body: &Value) {
        loop {
            let element = self.find(selector).await;
            let path = format!("/session/{}/element/{element}/{action}", self.session);
            let answer = self.send("POST", &path, body).await;
            if answer.status != 404 || answer.expect(404)["value"]["error"] != "stale element reference" {
                answer.expect(200);
                return;
            }
        }
    }

    pub async fn write(&self, selector: &str, text: &str) {
        self.in_element(selector, "clear", &json!({})).await;
        self.in_element(selector, "value", &json!({"text": text})).await;
    }

    /// Presses keys in an element. Does not remove its text first.
    pub async fn press(&self, selector: &str, keys: &str) {
        self.in_element(selector, "value", &json!({"text": keys})).await;
    }

    /// Gives the page this width and height, and light or dark colours.
    pub async fn show_as(&self, width: u32, height: u32, colours: &str) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": colours}]});
        for (cmd, params) in [
            ("Emulation.setDeviceMetricsOverride", metrics),
            ("Emulation.setEmulatedMedia", media),
        ] {
            self.command(cmd, params).await;
        }
    }

    pub async fn click(&self, selector: &str) {
        self.in_element(selector, "click", &json!({})).await;
    }

    /// Runs a script that calls its first argument when it is done, and gives what it called it with.
    pub async fn run(&self, script: &str) -> Value {
        self.in_session("POST", "/execute/async", &json!({"script": script, "args": []}))
            .await
    }

    /// The text of an element as soon as it contains this.
    pub async fn text_with(&self, selector: &str, part: &str) -> String {
        let script = format!(
            "const done = arguments[0], at = () => document.querySelector({selector:?})?.textContent ?? '', part = {part:?};
             const look = () => at().includes(part) && (watch.disconnect(), done(at()), true);
             const watch = new MutationObserver(look);
             watch.observe(document, {{subtree: true, childList: true, characterData: true, attributes: true}});
             look();"
        );
        self.run(&script).await.as_str().expect("a text").to_owned()
    }

    /// Waits until the page has this element.
    pub async fn appears(&self, selector: &str) {
        let script = format!(
            "const done = arguments[0];
             const look = () => document.querySelector({selector:?}) && (watch.disconnect(), done(true), true);
             const watch = new MutationObserver(look);
             watch.observe(document, {{subtree: true, childList: true}});
             look();"
        );
        self.run(&script).await;
    }

    /// Returns the new lines of the console since the last call.
    pub async fn console(&self) -> Vec<String> {
        let lines = self.in_session("POST", "/se/log", &json!({"type": "browser"})).await;
        let lines = lines.as_array().expect("lines").iter();
        lines
            .map(|line| line["message"].as_str().expect("a message").to_owned())
            .collect()
    }

    /// Keeps a picture of the page in the folder that `ROLLCALL_SCREENSHOTS` names, if it names one.
    pub async fn keep_picture(&self, name: &str) {
        let Ok(folder) = std::env::var("ROLLCALL_SCREENSHOTS") else {
            return;
        };
        let picture = self.in_session("GET", "/screenshot", &Value::Null).await;
        let picture = BASE64_STANDARD
            .decode(picture.as_str().expect("a picture"))
            .expect("base64");
        std::fs::write(format!("{folder}/{name}.png"), picture).expect("a file");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its driver's connection to it.
        let _ = Command::new("pkill")
            .arg("-P")
            .arg(self.driver.id().to_string())
            .status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
