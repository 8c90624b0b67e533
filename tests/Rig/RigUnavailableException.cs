namespace CtrPS.Rig;

/// <summary>Something that the rig needs is not on this machine. The message says what and how to get it; tests may skip on it.</summary>
public sealed class RigUnavailableException(string message) : Exception(message);
