// One child for each key: made once, moved only where it must, and with the focus that it had.
import assert from "node:assert/strict";
import test from "node:test";
import { KeyedList } from "../../static/js/ui/keyed_list.js";

class FakeElement {
  children = [];
  parent = null;
  text = "";
  moves = 0;

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get nextElementSibling() {
    const { children } = this.parent;
    return children[children.indexOf(this) + 1] ?? null;
  }

  contains(element) {
    return element === this || this.children.includes(element);
  }

  insertBefore(element, next) {
    element.remove();
    element.moves += 1;
    this.children.splice(next ? this.children.indexOf(next) : this.children.length, 0, element);
    element.parent = this;
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
    // As browsers do it, also for an element that is only moved.
    if (document.activeElement === this) document.activeElement = document.body;
  }

  focus() {
    document.activeElement = this;
  }
}

function start(t) {
  globalThis.document = { body: new FakeElement(), activeElement: null };
  document.activeElement = document.body;
  t.after(() => delete globalThis.document);
  const element = new FakeElement();
  const removed = [];
  const list = new KeyedList(element, {
    key: ([name]) => name,
    make: ([name]) => ({ element: new FakeElement(), name }),
    fill: (row, [name], text) => (row.element.text = name + text),
    removed: ({ name }) => removed.push(name),
  });
  const show = (names, text = "") => {
    list.show([...names].map((name) => [name]), text);
    return element.children.map((child) => child.text).join(" ");
  };
  return { element, removed, show, rows: list.rows };
}

test("children are in the order of the items, and filled each time", (t) => {
  const { show, removed, rows } = start(t);
  assert.equal(show("abc"), "a b c");
  assert.equal(show("cab", "1"), "c1 a1 b1");
  assert.equal(show("xb", "2"), "x2 b2");
  assert.deepEqual(removed, ["a", "c"]);
  assert.deepEqual([...rows.keys()].sort(), ["b", "x"]);
  assert.equal(show(""), "");
});

test("a child that stands right is not moved", (t) => {
  const { element, show } = start(t);
  show("abcd");
  const moves = () => element.children.map((child) => child.moves).join("");
  show("abcd");
  assert.equal(moves(), "1111");
  show("acd");
  assert.equal(moves(), "111");
  show("acxd");
  assert.equal(moves(), "1111");
  show("dacx");
  assert.equal(moves(), "2111");
});

test("a child that is moved keeps the focus, and no other gets it", (t) => {
  const { element, show, rows } = start(t);
  show("abc");
  const { element: c } = rows.get("c");
  c.focus();
  show("cab");
  assert.equal(element.children[0], c);
  assert.equal(document.activeElement, c);
  show("ab");
  assert.equal(document.activeElement, document.body);
  show("ba");
  assert.equal(document.activeElement, document.body);
});
