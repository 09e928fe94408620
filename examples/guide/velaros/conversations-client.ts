// A client that answers questions: no library, and nothing to install in a browser.
export function answerQuestions(ws: WebSocket, answer: (question: unknown) => unknown): void {
  ws.addEventListener("message", (event) => {
    const { id, path, data } = JSON.parse(String(event.data)) as Record<string, unknown>;
    // Questions have an id and a path; answers to us have no path, news have no id.
    if (id !== undefined && path !== undefined) ws.send(JSON.stringify({ id, data: answer(data) }));
  });
}
