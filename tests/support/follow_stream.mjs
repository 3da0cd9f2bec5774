// Follows the stream at a URL with the npm package eventsource, and prints the id of each event
// "mark", one a line, until it is killed.

import { EventSource } from "eventsource";

const source = new EventSource(process.argv[2]);
source.addEventListener("mark", (event) => process.stdout.write(`${event.lastEventId}\n`));
