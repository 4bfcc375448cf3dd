// The modules that bindings/wasm makes.
declare module '*.mjs' {
  const create: (options: object) => Promise<any>;
  export default create;
}
