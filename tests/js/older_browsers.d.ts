// What static/js/ui/older_browsers.js gives to browsers of before 2022, beside the `lib` of tsconfig.json, which they have.
interface Array<T> {
  at(index: number): T | undefined;
  findLast(test: (value: T, index: number, list: T[]) => unknown): T | undefined;
}
interface String {
  at(index: number): string | undefined;
}
interface ObjectConstructor {
  hasOwn(object: object, key: PropertyKey): boolean;
}
