const element = (id) => document.getElementById(id);
const joinForm = element("join");
const sayForm = element("say");
const connection = element("connection");

/** Answers that are waited for, by the id of their message. */
const waiting = new Map();
/** Name and room, once joined: what to join again with after the connection was lost. */
let joined;
let socket;
let lastId = 0;
let failures = 0;

const pushes = {
  "/chat/message": showMessage,
  "/chat/people": ({ people }) => {
    element("people").textContent = people.join(", ");
  },
};

connect();

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws`);

  socket.onopen = async () => {
    failures = 0;
    connection.textContent = "Connected";
    if (joined) await attempt(() => ask("/chat/join", joined));
  };

  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    const answer = waiting.get(message.id);
    if (answer) {
      waiting.delete(message.id);
      answer(message);
    } else {
      pushes[message.path]?.(message.data);
    }
  };

  socket.onclose = () => {
    for (const answer of waiting.values()) answer({ error: { message: "The connection was lost." } });
    waiting.clear();
    // The service forgets who was connected, so after coming back the page joins again.
    const seconds = Math.min(2 ** failures++, 30) * (0.5 + Math.random() / 2);
    connection.textContent = "Connection lost; trying again …";
    setTimeout(connect, seconds * 1000);
  };
}

/** Sends a message and waits for the answer with the same id. */
function ask(path, data) {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== WebSocket.OPEN) return reject(new Error("Not connected right now."));
    const id = `m${++lastId}`;
    waiting.set(id, ({ error, data: answer }) => {
      if (error) reject(new Error(error.message));
      else resolve(answer);
    });
    socket.send(JSON.stringify({ id, path, data }));
  });
}

/** Runs an action and shows what went wrong, if anything did. */
async function attempt(action) {
  element("problem").textContent = "";
  try {
    await action();
  } catch (error) {
    element("problem").textContent = error.message;
  }
}

joinForm.onsubmit = (event) => {
  event.preventDefault();
  const { username, room } = Object.fromEntries(new FormData(joinForm));
  return attempt(async () => {
    const answer = await ask("/chat/join", { username, room });
    joined = { username: username.trim(), room: answer.room };
    element("room-name").textContent = answer.room;
    joinForm.hidden = true;
    element("room").hidden = false;
    sayForm.elements.text.focus();
  });
};

sayForm.onsubmit = (event) => {
  event.preventDefault();
  const { text } = sayForm.elements;
  return attempt(async () => {
    await ask("/chat/message", { text: text.value });
    text.value = "";
  });
};

function showMessage({ username, text, sentAt }) {
  const line = document.createElement("li");
  line.classList.toggle("mine", username === joined?.username);
  const name = document.createElement("b");
  name.textContent = username;
  const time = document.createElement("time");
  time.textContent = new Date(sentAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  line.append(name, text, time);
  element("messages").append(line);
  line.scrollIntoView({ block: "nearest" });
}
