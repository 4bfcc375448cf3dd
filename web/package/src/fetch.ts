import {ScrimError} from './options.js';

/** `what` begins the message where that fails. */
export async function fetchBlob(what: string, url: string, signal?: AbortSignal): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(url, {signal});
    if (response.ok) return await response.blob();
  } catch {
    throw new ScrimError(`${what}: cannot be fetched from ${url}; a server of another origin must allow it (CORS)`);
  }
  throw new ScrimError(`${what}: ${url} answers ${response.status}`);
}
