/** Kubernetes' quantities: apimachinery pkg/api/resource/quantity.go. client-node's own reader is part of 1.4 MB that the scan does without. */
const form = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that it stands for: `1.5Gi` is 1610612736. Undefined for what is no quantity. */
export const quantityOf = (quantity: unknown): number | undefined => {
  const [, digits, suffix = ''] =
    form.exec(typeof quantity === 'number' ? String(quantity) : typeof quantity === 'string' ? quantity : '') ?? [];
  if (digits === undefined) return undefined;
  const value = Number(digits) * (suffix === '' ? 1 : (factors[suffix] ?? Number.NaN));
  return Number.isFinite(value) ? value : undefined;
};
