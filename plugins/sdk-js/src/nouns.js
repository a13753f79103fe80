// Short ways to write nouns of the contract.

export const error = (layer, code, message, details) => finding("error", layer, code, message, details);

export const warning = (layer, code, message, details) => finding("warning", layer, code, message, details);

export const info = (layer, code, message, details) => finding("info", layer, code, message, details);

function finding(severity, layer, code, message, { span = null, suggestion = null } = {}) {
  return { layer, severity, code, message, span, suggestion };
}

export function sample(members) {
  return { id: "", topic: "", question: "", sql: "", language: "en", difficulty: "easy", tags: [], ...members };
}
