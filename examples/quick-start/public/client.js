const ws = new WebSocket(`ws://${location.host}/ws`);

ws.onopen = () => {
  ws.send(JSON.stringify({ path: "/chat/join", id: "msg-1", data: { username: "Alice", room: "general" } }));
};

ws.onmessage = (event) => {
  document.querySelector("#log").append(`${event.data}\n`);
  const message = JSON.parse(event.data);

  if (message.id === "msg-1" && message.data.status === "joined") {
    // Joined: now messages may be sent. The service remembers name and room.
    ws.send(JSON.stringify({ path: "/chat/message", id: "msg-2", data: { text: "Hello everyone!" } }));
  }
};
