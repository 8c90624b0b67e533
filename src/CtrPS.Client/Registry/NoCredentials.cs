namespace CtrPS.Client.Registry;

/// <summary>Knows nobody.</summary>
internal sealed class NoCredentials : ICredentialSource
{
    public ValueTask<RegistryCredential?> FindAsync(string host, string? repository, CancellationToken cancellationToken) =>
        ValueTask.FromResult<RegistryCredential?>(null);
}
