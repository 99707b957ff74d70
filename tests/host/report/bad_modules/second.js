const shared = 3;

export function useful(a, b) {
  let forgotten = a;
  forgotten = b;
  return shared;
}
