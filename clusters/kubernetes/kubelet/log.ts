import { Readable } from 'node:stream';

/** A kubelet's default containerLogMaxSize: 10 MiB. */
const MAX_BYTES = 10 * 1024 * 1024;

/** Collects standard output and error of one run. */
export class ContainerLog {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  readonly #followers = new Set<Readable>();

  append(chunk: Buffer): void {
    if (this.#ended) return;
    // Copy the chunk: keeping it would keep its larger or pooled buffer in memory.
    this.#chunks.push(new Uint8Array(chunk));
    this.#bytes += chunk.length;
    while (this.#bytes > MAX_BYTES && this.#chunks.length > 1) this.#bytes -= this.#chunks.shift()?.length ?? 0;
    for (const follower of this.#followers) follower.push(chunk);
  }

  /** Ends followers' streams. */
  end(): void {
    this.#ended = true;
    for (const follower of this.#followers) follower.push(null);
    this.#followers.clear();
  }

  text(tailLines?: number): string {
    const text = Buffer.concat(this.#chunks).toString();
    if (tailLines === undefined) return text;
    const lines = text.split(/(?<=\n)/);
    return tailLines <= 0 ? '' : lines.slice(-tailLines).join('');
  }

  stream(options: { readonly follow: boolean; readonly tailLines?: number }): Readable {
    const stream = new Readable({ read: () => undefined });
    const soFar = this.text(options.tailLines);
    if (soFar !== '') stream.push(soFar);
    if (!options.follow || this.#ended) {
      stream.push(null);
    } else {
      this.#followers.add(stream);
      stream.once('close', () => this.#followers.delete(stream));
    }
    return stream;
  }
}
