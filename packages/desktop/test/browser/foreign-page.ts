/**
 * A page of somebody who knows where the shell is: it tries what a page can try with another one. `tryEverything` resolves
 * with what it got, which should be nothing.
 */
export const FOREIGN_PAGE = `<!doctype html>
<title>foreign</title>
<body>
<script>
const TRY_MS = 2_000;

function load(name, attribute, address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement(name);
    element.setAttribute(attribute, address);
    if (name === "link") element.rel = "stylesheet";
    // A frame that was refused is loaded too, with the browser's words in it: whether it can be read is what counts.
    element.onload = () => {
      const isFrame = name === "iframe" || name === "object" || name === "embed";
      if (!isFrame || element.contentDocument?.title === "lanspread") resolve();
      else reject();
    };
    element.onerror = reject;
    document.body.append(element);
    setTimeout(reject, TRY_MS);
  });
}

function openSocket(address, protocols) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, protocols);
    socket.onopen = resolve;
    socket.onerror = reject;
  });
}

async function tryEverything(shell) {
  const script = shell + "/assets/app-1a2b.js";
  const socket = shell.replace("http", "ws") + "/socket";
  const attempts = {
    fetch: () => fetch(shell + "/"),
    "fetch with cookies": () => fetch(shell + "/", { credentials: "include" }),
    "fetch of a script": () => fetch(script, { credentials: "include" }),
    post: () => fetch(shell + "/", { method: "POST", body: "{}", credentials: "include" }),
    put: () => fetch(shell + "/", { method: "PUT", headers: { "Content-Type": "application/json" } }),
    socket: () => openSocket(socket),
    "socket with a protocol": () => openSocket(socket, "lanspread"),
    import: () => import(script),
    events: () => new Promise((resolve, reject) => {
      const events = new EventSource(shell + "/socket", { withCredentials: true });
      events.onopen = resolve;
      events.onerror = () => { events.close(); reject(); };
    }),
    worker: () => new Promise((resolve, reject) => {
      const worker = new Worker(script);
      worker.onmessage = resolve;
      worker.onerror = reject;
      setTimeout(reject, TRY_MS);
    }),
    img: () => load("img", "src", shell + "/icon.svg"),
    script: () => load("script", "src", script),
    link: () => load("link", "href", shell + "/"),
    iframe: () => load("iframe", "src", shell + "/"),
    object: () => load("object", "data", shell + "/"),
    embed: () => load("embed", "src", shell + "/"),
  };
  const got = [];
  await Promise.all(
    Object.entries(attempts).map(async ([name, attempt]) => {
      try {
        await attempt();
        got.push(name);
      } catch {}
    }),
  );
  await fetch(shell + "/?no-cors", { mode: "no-cors", credentials: "include" }).catch(() => {});
  navigator.sendBeacon(shell + "/socket", "{}");
  return got;
}

function sendForm(action, method) {
  const form = document.createElement("form");
  Object.assign(form, { action, method });
  document.body.append(form);
  form.submit();
}
</script>
`;
