// Reads a JSON list of [cadence of a family, interval] and writes the cadence that the page takes each for.
import { cadenceOf } from "../../static/js/state/intervals.js";

let input = "";
for await (const piece of process.stdin) input += piece;
process.stdout.write(JSON.stringify(JSON.parse(input).map(([slow, interval]) => cadenceOf(slow, interval))));
