const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

/** Returns a counter in Prometheus's text format, as written by its Go client. */
export function counter(name: string, help: string) {
  const counts = new Map<string, number>();
  return {
    increment: (labels: Readonly<Record<string, string>>): void => {
      const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const key = sorted.map(([label, value]) => `${label}="${escaped(value)}"`).join(',');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    text: (): string => {
      if (counts.size === 0) return '';
      const samples = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
      const lines = samples.map(([labels, count]) => `${name}{${labels}} ${count}`);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...lines, ''].join('\n');
    },
  };
}
