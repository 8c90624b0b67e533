namespace CtrPS.StandIn;

/// <summary>Something of PowerShell that the stand-in does not have.</summary>
public sealed class StandInException(string what) : Exception($"this is the test stand-in, not PowerShell: it does not know {what}");
