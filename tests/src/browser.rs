//! A real browser, driven by WebDriver (W3C): Chromium and its driver, as `tests/run` installs them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one page, closed when dropped.
pub struct Browser {
    driver: Child,
    session: String,
    client: reqwest::Client,
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Browser {
    /// Starts it; none, and said so, where the driver is not installed: the test is skipped then.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = driver else {
            crate::skipped("chromedriver");
            return None;
        };
        let out = driver.stdout.take().expect("standard output");
        let port: u16 = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("started successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()
            })
            .expect("the port of the driver");
        let mut browser = Self { driver, session: String::new(), client: reqwest::Client::new() };
        let base = format!("http://127.0.0.1:{port}/session");
        // Root may not use the sandbox, and a container has little shared memory.
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" } });
        let answer = browser.post(&base, &json!({ "capabilities": { "alwaysMatch": wanted } })).await;
        browser.session = format!("{base}/{}", answer["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    async fn post(&self, address: &str, body: &Json) -> Json {
        let answer = self.client.post(address).json(body).send().await.expect("the driver answers");
        let mut answer: Json = answer.json().await.expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{address} {body}: {answer}");
        answer["value"].take()
    }

    async fn ask(&self, what: &str, body: &Json) -> Json {
        self.post(&format!("{}/{what}", self.session), body).await
    }

    /// Opens a file as a page.
    pub async fn open(&self, page: &Path) {
        self.ask("url", &json!({ "url": format!("file://{}", page.display()) })).await;
    }

    /// Opens the page that checks bundles, as a file of its own in a directory.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn open_verifier(&self, dir: &Path) {
        let page = dir.join("verify.html");
        std::fs::write(&page, accord_api::bundle::VERIFY_PAGE).expect("a page");
        self.open(&page).await;
    }

    async fn element(&self, id: &str) -> String {
        let found = self.ask("element", &json!({ "using": "css selector", "value": format!("#{id}") })).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    /// Types into an element, or picks a file where it is a picker.
    pub async fn type_into(&self, id: &str, text: &str) {
        let element = self.element(id).await;
        self.ask(&format!("element/{element}/value"), &json!({ "text": text })).await;
    }

    /// Empties an element.
    pub async fn clear(&self, id: &str) {
        let element = self.element(id).await;
        self.ask(&format!("element/{element}/clear"), &json!({})).await;
    }

    /// Runs a function's body on the page and waits for what it returns, also when that is a promise.
    pub async fn run(&self, body: &str) -> Json {
        self.ask("execute/sync", &json!({ "script": body, "args": [] })).await
    }

    /// What the browser complained about since the last time.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "browser" })).await;
        let lines = log.as_array().expect("a list").iter();
        lines.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// On the page that checks bundles: picks a file, waits for the verdict, and gives it with all that the page says.
    pub async fn verdict(&self, file: &Path) -> (String, String) {
        self.run("document.getElementById('file').value = ''").await;
        self.type_into("file", &file.display().to_string()).await;
        let told = self
            .run(
                "const place = document.getElementById('verdict');
                 return new Promise((done) => {
                   const look = () => place.dataset.verdict === 'none' ? false : (done([place.dataset.verdict, document.body.innerText]), true);
                   if (!look()) new MutationObserver((_, watch) => look() && watch.disconnect()).observe(place, { attributes: true });
                 });",
            )
            .await;
        let text = |index: usize| told[index].as_str().expect("a text").to_owned();
        (text(0), text(1))
    }

    /// The page as it is printed, a PDF.
    pub async fn print(&self) -> Vec<u8> {
        let printed = self.ask("print", &json!({ "background": true, "shrinkToFit": false })).await;
        STANDARD.decode(printed.as_str().expect("base64")).expect("base64")
    }
}

impl Drop for Browser {
    /// Closes the browser and ends the driver, also after a test that failed; so it cannot wait for others to poll.
    fn drop(&mut self) {
        let closed = self.session.strip_prefix("http://").and_then(|address| address.split_once('/'));
        if let Some((host, path)) = closed
            && let Ok(mut stream) = TcpStream::connect(host)
        {
            let request = format!("DELETE /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            // Whatever it answers, it is ended next; it keeps the connection open, so the end of it is not waited for.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut [0; 64]).map(drop));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
