// Reads a JSON list of events' data and writes, for each, the columns that the page would make of it.
import { flatten } from "../../static/js/state/flatten.js";

let input = "";
for await (const piece of process.stdin) input += piece;
const rows = JSON.parse(input).map((data) => Object.fromEntries(flatten(data, () => true)));
process.stdout.write(JSON.stringify(rows));
