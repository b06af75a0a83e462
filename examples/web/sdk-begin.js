// The SDK is a CommonJS module: it wants this to exist while it loads.
var module = { exports: {} }
