namespace CtrPS.Client.Network;

/// <summary>A plugin failed, was killed or answered nonsense.</summary>
/// <param name="message">What it said.</param>
/// <param name="code">Its error code. Null: it gave none.</param>
/// <param name="details">Its details.</param>
internal sealed class PluginFailureException(string message, int? code = null, string details = "") : Exception(message)
{
    public int? Code => code;

    public string Details => details;
}
