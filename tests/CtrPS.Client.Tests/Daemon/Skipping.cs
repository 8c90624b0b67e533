using CtrPS.Rig;
using Xunit.Sdk;

namespace CtrPS.Client.Tests.Daemon;

internal static class Skipping
{
    /// <summary>What the rig gives; skips the test with the rig's reason where it cannot give it.</summary>
    public static async Task<T> OrSkipAsync<T>(this Task<T> part)
    {
        try
        {
            return await part;
        }
        catch (RigUnavailableException e)
        {
            throw SkipException.ForSkip(e.Message);
        }
    }
}
