"""Opens the board of three machines in a browser and pulls plugs: plug.py FOLDER. `.ci/cluster` makes the machines and starts it.

PASSWORD is that of the administrator ada. All waits are for an event; DEADLINE only ends a run in which it does not come.
"""

import contextlib
import csv
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

WORK = pathlib.Path(sys.argv[1])
BALANCER, SITE = "10.78.0.254", "board.example.org"
# The address of a caller who is not the browser. HAProxy may send it to another server.
CALLER = "10.78.0.253"
MACHINES = {f"n{number}": f"10.78.0.{number}" for number in (1, 2, 3)}
DEADLINE = 60
READER = "correct horse battery"
# What the service manager of `.ci/cluster` logs.
STARTS = "the service manager starts it again"

# Counts the event streams that the page opens, and those that begin. A page that is loaded again goes on counting.
COUNT = """
const count = (name) => sessionStorage.setItem(name, 1 + Number(sessionStorage.getItem(name)));
window.EventSource = class extends EventSource {
  constructor(...given) { super(...given); count("opened"); this.addEventListener("hello", () => count("begun")); }
};"""

# Waits until an element has a text.
SHOWS = """
const [selector, part, done] = arguments;
const look = () => document.querySelector(selector)?.textContent.includes(part) && (watch.disconnect(), done(true), true);
const watch = new MutationObserver(look);
watch.observe(document, {subtree: true, childList: true, characterData: true});
look();"""


def ask(host, method, path, body=None, headers=None, port=80, source=BALANCER, seconds=10):
    """Sends one request on a connection of its own, and returns the status and the text of the answer."""
    connection = http.client.HTTPConnection(host, port, timeout=seconds, source_address=(source, 0))
    with contextlib.closing(connection):
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Host": SITE, "Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def wait_for(what, condition):
    """Asks again until the condition holds, and returns what it gave."""
    last, until = None, time.monotonic() + DEADLINE
    while time.monotonic() < until:
        try:
            last = condition()
        except (OSError, http.client.HTTPException) as error:
            last = None
            what_came = error
        else:
            what_came = last
        if last:
            return last
        time.sleep(0.05)
    sys.exit(f"FAILED: it does not come: {what}; last: {what_came}")


class Browser:
    """Chromium, by the W3C's WebDriver protocol."""

    def __init__(self):
        command = ["/usr/bin/chromedriver", "--port=0"]
        driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started = "started successfully on port "
        self.port = next(int(line.split(started)[1].strip(" .\n")) for line in driver.stdout if started in line)
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server"]
        arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=900,900"]
        arguments += [f"--user-data-dir={WORK}/browser", f"--host-resolver-rules=MAP {SITE} {BALANCER}"]
        wanted = {"goog:chromeOptions": {"args": arguments}, "timeouts": {"script": DEADLINE * 1000, "implicit": 10_000}}
        self.path = ""
        self.path = "/" + self.do("POST", "session", capabilities={"alwaysMatch": wanted})["sessionId"]
        self.do("POST", "goog/cdp/execute", cmd="Page.addScriptToEvaluateOnNewDocument", params={"source": COUNT})

    def do(self, method, command, **body):
        path = "/session" if command == "session" else f"/session{self.path}/{command}"
        status, text = ask("127.0.0.1", method, path, body, {"Host": "127.0.0.1"}, self.port, "127.0.0.1", seconds=2 * DEADLINE)
        value = json.loads(text)["value"]
        if status != 200:
            raise RuntimeError(f"{command}: {value}")
        return value

    def element(self, selector):
        (name,) = self.do("POST", "element", using="css selector", value=selector).values()
        return f"element/{name}"

    def sign_in(self, user, password):
        self.do("POST", "url", url=f"http://{SITE}/sign-in")
        self.do("POST", self.element("[name=user]") + "/value", text=user)
        self.do("POST", self.element("[name=password]") + "/value", text=password)
        self.do("POST", self.element("main button.primary") + "/click")
        self.wait_until_shown("#heading", "here")

    def wait_until_shown(self, selector, text):
        while True:
            try:
                return self.do("POST", "execute/async", script=SHOWS, args=[selector, text])
            except RuntimeError as error:
                # The page loads itself again when it has to.
                if "document unloaded" not in str(error):
                    raise

    def streams(self, name):
        return int(self.do("POST", "execute/sync", script="return Number(sessionStorage.getItem(arguments[0]))", args=[name]))


class Board:
    def __init__(self):
        password = os.environ["PASSWORD"]
        status, text = ask(BALANCER, "POST", "/api/v1/login", {"user": "ada", "password": password})
        assert status == 200, text
        data = json.loads(text)["data"]
        self.ada = data["userId"]
        self.login = {"X-User-Id": self.ada, "X-Auth-Token": data["authToken"]}
        reader = {"username": "grace", "name": "grace", "email": "grace@example.org", "password": READER, "verified": True}
        status, text = ask(BALANCER, "POST", "/api/v1/users.create", reader, self.login)
        assert status == 200, text
        self.browser = Browser()
        self.browser.sign_in("grace", READER)
        wait_for("the browser's event stream", lambda: self.browser.streams("begun"))

    def write(self, message):
        body = {"status": "busy", "message": message}
        return ask(BALANCER, "POST", "/api/v1/users.setStatus", body, self.login, source=CALLER)

    def shown_at(self, host, port=3000):
        status, text = ask(host, "GET", "/api/v1/users.getStatus?username=ada", headers=self.login, port=port)
        return json.loads(text)["message"] if status == 200 else f"{status}: {text}"

    def wait_until_all_show(self, message):
        for name, address in MACHINES.items():
            wait_for(f"200 of /readyz at {name}", lambda: ask(address, "GET", "/readyz", port=3000)[0] == 200)
            wait_for(f"{message!r} at {name}", lambda: self.shown_at(address) == message)
        wait_for("three servers that are up in HAProxy", lambda: [row["status"] for row in of_haproxy()] == ["UP"] * 3)
        wait_for(f"{message!r} through HAProxy", lambda: self.shown_at(BALANCER, 80) == message)

    def wait_until_browser_shows(self, message):
        self.browser.wait_until_shown(f"#p-{self.ada} .state", message)

    def machine_of_stream(self):
        def streams(address):
            status, text = ask(address, "GET", "/metrics", headers=self.login, port=3000)
            assert status == 200, text
            return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith("rollcall_event_streams "))

        def found():
            return [name for name, address in MACHINES.items() if streams(address) > 0]

        return wait_for("one server with the event stream", lambda: len(found()) == 1 and found())[0]

    def set_until_one_succeeds(self, message):
        """Tries every 200 ms, whatever the tries before have come to. Returns the moment of the first success, and all tries."""
        succeeded, moments, tries = threading.Event(), [], []

        def once():
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.write(message)[0] == 200:
                    moments.append(time.monotonic())
                    succeeded.set()

        until = time.monotonic() + DEADLINE
        while True:
            tries.append(threading.Thread(target=once, daemon=True))
            tries[-1].start()
            if succeeded.wait(0.2):
                return min(moments), tries
            if time.monotonic() > until:
                sys.exit("FAILED: no write succeeds")

    def pull(self, name, why, until_lease_ends):
        """Takes the plug of a machine out, measures, and puts it in again."""
        message, number, log = f"without {name}: {why}", name[1:], WORK / name / "run/rollcall.log"
        leader, of_stream = machine_of_leader(), self.machine_of_stream()
        begun, opened = self.browser.streams("begun"), self.browser.streams("opened")
        starts = log.read_text().count(STARTS)
        print(f"-- {name} out ({why}; etcd's leader is {leader}, the event stream is at {of_stream})", flush=True)
        subprocess.run(["ip", "link", "set", f"rpv{number}", "down"], check=True)
        out = time.monotonic()
        seen = []

        def watch():
            self.wait_until_browser_shows(message)
            seen.append(time.monotonic())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        written, tries = self.set_until_one_succeeds(message)
        watcher.join(2 * DEADLINE)
        if not seen:
            sys.exit(f"FAILED: the browser does not show {message!r}")
        if of_stream == name:
            wait_for("the browser's next event stream", lambda: self.browser.streams("begun") > begun)
        if until_lease_ends:
            wait_for(f"503 of the cut-off {name}", lambda: ready_inside(number) == "503")
            print(f"   {name} itself: /readyz answers 503 after {time.monotonic() - out:.1f} s", flush=True)
            wait_for(f"the end of the lease of {name}", lambda: len(processes()) == 2)
            print(f"   {name} is gone for the two others after {time.monotonic() - out:.1f} s", flush=True)
        subprocess.run(["ip", "link", "set", f"rpv{number}", "up"], check=True)
        back = time.monotonic()
        if until_lease_ends:
            wait_for("another start by the service manager", lambda: log.read_text().count(STARTS) > starts)
            print(f"   its Rollcall ended {time.monotonic() - back:.1f} s after the plug was in, and is started again", flush=True)
        for one in tries:
            one.join(DEADLINE)
        self.wait_until_all_show(message)
        self.wait_until_browser_shows(message)
        again = time.monotonic() - back
        begun, opened = self.browser.streams("begun") - begun, self.browser.streams("opened") - opened
        print(f"   {len(tries)} tries of a write; all three were ready and the same {again:.1f} s after the plug was in again")
        print(f"   | {why} | {written - out:.1f} s | {seen[0] - out:.1f} s | {begun} in {opened} tries |", flush=True)


def etcdctl(*words):
    command = ["etcdctl", "--endpoints", ",".join(f"{address}:2379" for address in MACHINES.values()), *words]
    # A node that cannot be reached makes a code, but the answers of the others are there.
    return subprocess.run(command, env={**os.environ, "ETCDCTL_API": "3"}, check=False, capture_output=True, text=True).stdout


def processes():
    """Returns the servers whose lease lasts."""
    return etcdctl("get", "--prefix", "--keys-only", "/rollcall/acme/w/p/").split()


def ready_inside(number):
    """Returns the status of /readyz as a machine without a plug sees it itself."""
    curl = ["curl", "--silent", "--max-time", "5", "--output", "/dev/null", "--write-out", "%{http_code}"]
    command = ["ip", "netns", "exec", f"rp{number}", *curl, "http://127.0.0.1:3000/readyz"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def nodes():
    """Returns the state of each node of etcd by the name of its machine."""
    answer = json.loads(etcdctl("endpoint", "status", "--write-out", "json"))
    listed = {node["Endpoint"]: node["Status"] for node in answer}
    return {name: listed[f"{address}:2379"] for name, address in MACHINES.items() if f"{address}:2379" in listed}


def machine_of_leader():
    def found():
        return [name for name, status in nodes().items() if status.get("leader") == status["header"]["member_id"]]

    return wait_for("a leader of etcd", found)[0]


def lead(name):
    """Makes the node of a machine the leader of etcd."""
    if machine_of_leader() != name:
        etcdctl("move-leader", f"{nodes()[name]['header']['member_id']:x}")
    wait_for(f"etcd's leader on {name}", lambda: machine_of_leader() == name)


def of_haproxy():
    """Returns HAProxy's view of the three servers."""
    with socket.socket(socket.AF_UNIX) as stats:
        stats.connect(str(WORK / "lb/run/haproxy/admin.sock"))
        stats.sendall(b"show stat\n")
        text = stats.makefile().read()
    rows = csv.DictReader(text.removeprefix("# ").splitlines())
    return [row for row in rows if row["pxname"] == "rollcall" and row["svname"] in MACHINES]


def main():
    board = Board()
    status, text = board.write("before the plug")
    assert status == 200, text

    def address_is_seen():
        return any(f" address={CALLER} " in (WORK / name / "run/rollcall.log").read_text() for name in MACHINES)

    wait_for("the caller's address in a server's log", address_is_seen)
    board.wait_until_all_show("before the plug")
    board.wait_until_browser_shows("before the plug")
    print("a status that is set through HAProxy shows through HAProxy, at each server, and in the browser", flush=True)
    print("| the machine without a plug | next write | shown in the browser | new event streams |")
    of_stream = board.machine_of_stream()
    lead(next(name for name in MACHINES if name != of_stream))
    board.pull(machine_of_leader(), "etcd's leader", until_lease_ends=False)
    of_stream = board.machine_of_stream()
    lead(next(name for name in MACHINES if name != of_stream))
    board.pull(of_stream, "the server of the browser", until_lease_ends=True)
    of_stream = board.machine_of_stream()
    lead(of_stream)
    board.pull(of_stream, "both on one machine", until_lease_ends=False)


main()
