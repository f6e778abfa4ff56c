export type Attributes = ResourceAttributes | { readonly verb: string; readonly path: string };

interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}
