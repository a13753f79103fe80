// Errors of the contract.

export class PluginError extends Error {
  constructor(code, message, hint = null) {
    super(message);
    this.name = "PluginError";
    this.code = code;
    this.hint = hint;
  }
}

export class SqlSyntaxError extends Error {
  constructor(message, position) {
    super(message);
    this.name = "SqlSyntaxError";
    this.position = position;
  }
}

export class QueryError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "QueryError";
    this.code = code;
  }
}

export class LlmError extends PluginError {
  constructor(code, message) {
    super(code, message);
    this.name = "LlmError";
  }
}
