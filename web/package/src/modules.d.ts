// The modules that bindings/wasm makes.
declare module '*/scrim.js' {
  const create: (options: object) => Promise<any>;
  export default create;
}
declare module '*/scrim-threads.js' {
  const create: (options: object) => Promise<any>;
  export default create;
}
