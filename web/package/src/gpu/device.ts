// A GPU to run on, if there is one that is worth it.

export interface Gpu {
  /** @internal Not in the declarations: those who use the package may not have WebGPU's. */
  device: GPUDevice;
  /** Whether kernels may keep halves: what has none in hardware would convert them one by one. */
  halves: boolean;
  /** Drawn by the CPU. */
  software: boolean;
  /** What it calls itself. */
  name: string;
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

/** A device, or why there is none. */
export async function openGpu(): Promise<Gpu | string> {
  const {gpu} = navigator as {gpu?: GPU};
  if (gpu === undefined) return 'this browser has no WebGPU';
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({powerPreference: 'high-performance'});
  } catch {
    adapter = null;
  }
  if (adapter === null) return 'this browser gives no adapter for WebGPU';
  const {info} = adapter;
  const name = [info.vendor, info.architecture, info.description].filter((part) => part !== '').join(' ');
  const halves = adapter.features.has('shader-f16');
  try {
    const device = await adapter.requestDevice();
    return {device, halves, software: info.isFallbackAdapter || softwareNames.test(name), name};
  } catch (error) {
    return `no device for WebGPU: ${error instanceof Error ? error.message : String(error)}`;
  }
}
