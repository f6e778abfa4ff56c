import { Readable } from 'node:stream';

/** A container's log is cut from the front beyond this, as a kubelet rotates it (containerLogMaxSize, 10 MiB). */
const MAX_BYTES = 10 * 1024 * 1024;

/** The output of one run of a container, standard output and error together, in the order in which they came. */
export class ContainerLog {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  readonly #followers = new Set<Readable>();

  append(chunk: Buffer): void {
    if (this.#ended) return;
    // A chunk is often a few bytes of a larger buffer, which would be kept with it: no Buffer either, since Node pools those.
    this.#chunks.push(new Uint8Array(chunk));
    this.#bytes += chunk.length;
    while (this.#bytes > MAX_BYTES && this.#chunks.length > 1) this.#bytes -= this.#chunks.shift()?.length ?? 0;
    for (const follower of this.#followers) follower.push(chunk);
  }

  /** The container has ended: followers get the end of their stream. */
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
