// Reads a JSON list of [figure, item, value, rules] and writes of each what the page makes of it: level, place in the order, colour, word and limit.
import { compareLevels, levelOf, rulesOf, shownLevel, thresholdOf } from "../../static/js/ui/thresholds.js";

let input = "";
for await (const piece of process.stdin) input += piece;
const found = JSON.parse(input).map(([figure, item, value, said]) => {
  const rules = rulesOf({ rules: said });
  const { name, words } = shownLevel(figure, item, value, rules);
  const level = levelOf(figure, item, value, rules);
  return { level, rank: compareLevels(level, ""), name, words, limit: thresholdOf(figure, rules) };
});
process.stdout.write(JSON.stringify(found));
