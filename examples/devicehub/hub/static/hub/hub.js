"use strict";

// The live part of a device's page: shows messages as they come and sends new ones, over one WebSocket.
const list = document.getElementById("messages");
const state = document.getElementById("connection");
const replica = document.getElementById("replica");
const form = document.getElementById("send-message");
const address = `wss://${location.host}/ws/hub/${list.dataset.device}/`;
let socket;
let attempts = 0;

function show(message) {
  if (list.querySelector(`[data-message="${Number(message.id)}"]`)) return;
  const item = document.createElement("li");
  item.dataset.message = message.id;
  for (const [tag, text] of [["b", message.sender], ["span", message.body], ["small", message.handled_by]]) {
    const part = document.createElement(tag);
    part.textContent = text;
    if (tag === "span") part.className = "body";
    item.append(part, " ");
  }
  list.append(item);
}

function setState(name) {
  state.dataset.state = name;
  state.textContent = name;
}

// What was posted while there was no connection.
async function catchUp() {
  const answer = await fetch(`/api/devices/${list.dataset.device}/messages/`);
  if (answer.ok) (await answer.json()).messages.reverse().forEach(show);
}

function connect() {
  socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    attempts = 0;
    setState("open");
    catchUp();
  });
  socket.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "hello") replica.textContent = `on ${message.replica}`;
    if (message.type === "message") show(message);
  });
  socket.addEventListener("close", () => {
    setState("closed");
    // A replica that stops closes with 1012: come back soon, to another one, and not all at the same moment.
    const wait = Math.min(10000, 250 * 2 ** attempts) * (0.5 + Math.random());
    attempts += 1;
    setTimeout(connect, wait);
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ body: form.elements.body.value }));
  form.reset();
});

connect();
