// What the npm package eventsource makes of streams: reads {url: [event names]} as JSON from stdin
// and prints {url: [[type, data, lastEventId], ...]}. Each stream is read until the server ends it.

import { EventSource } from "eventsource";

async function read(url, names) {
  const received = [];
  const source = new EventSource(url);
  for (const name of new Set([...names, "message"])) {
    source.addEventListener(name, (event) => {
      received.push([event.type, event.data, event.lastEventId]);
    });
  }
  const error = await new Promise((resolve) => source.addEventListener("error", resolve));
  source.close();
  if (error.code !== undefined) throw new Error(`${url}: ${error.code} ${error.message}`);
  return received;
}

const input = [];
for await (const chunk of process.stdin) input.push(chunk);
const results = {};
for (const [url, names] of Object.entries(JSON.parse(Buffer.concat(input).toString()))) {
  results[url] = await read(url, names);
}
process.stdout.write(JSON.stringify(results));
