namespace CtrPS.Client.Oci;

/// <summary>Somewhere that says what refers to a manifest: a registry, a namespace. What it says is to be proved. Safe for concurrent use.</summary>
internal interface IReferrerSource
{
    /// <summary>Descriptors of what is said to refer to a manifest (image-spec, manifest.md, subject). Empty: nothing does.</summary>
    /// <param name="subject">The manifest's digest.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    Task<IReadOnlyList<Descriptor>> ListAsync(string subject, CancellationToken cancellationToken);
}
